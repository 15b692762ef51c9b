import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import { openPostgresLedger } from '../../src/ledger/postgres/open.ts'
import { systemClock } from '../../src/platform/clock.ts'
import type { Bed } from '../conformance/ledger/bed.ts'
import { type PostgresServer, startPostgres } from './postgres-server.ts'
import { HandClock } from './sqlite-ledger.ts'

/** One server for the tests of a file. */
export function postgresOfFile(): { readonly server: PostgresServer } {
  let server: PostgresServer | null = null
  beforeAll(async () => {
    server = await startPostgres()
  })
  afterAll(async () => {
    await server?.stop()
  })
  return {
    get server() {
      if (server === null) throw new Error('the server is started before the first test')
      return server
    },
  }
}

/** A ledger in its own database. */
export async function makePostgresBed(
  server: PostgresServer,
): Promise<Bed & { readonly url: string; readonly clock: HandClock; dispose(): Promise<void> }> {
  const url = await server.makeSchema()
  const clock = new HandClock()
  const open = () =>
    openPostgresLedger({ url, clock: systemClock, random: randomBytes, now: () => clock.now() })
  const bed = {
    url,
    clock,
    ledger: await open(),
    advance: (ms: number) => clock.advance(ms),
    graceAfterRestart: false,
    reopen: async () => {
      await bed.ledger[Symbol.asyncDispose]()
      bed.ledger = await open()
    },
    dispose: async () => {
      await bed.ledger[Symbol.asyncDispose]()
    },
  }
  return bed
}

/** A test bed that is removed when its test ends. */
export async function openOnPostgres(server: PostgresServer): ReturnType<typeof makePostgresBed> {
  const bed = await makePostgresBed(server)
  onTestFinished(() => bed.dispose())
  return bed
}
