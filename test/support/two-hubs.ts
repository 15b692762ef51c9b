import { randomBytes } from 'node:crypto'
import { onTestFinished } from 'vitest'
import type { Ledger } from '../../src/ledger/port.ts'
import { openPostgresLedger } from '../../src/ledger/postgres/open.ts'
import { systemClock } from '../../src/platform/clock.ts'
import type { PostgresServer } from './postgres-server.ts'
import { HandClock } from './sqlite-ledger.ts'

export type Hubs = {
  readonly one: Ledger
  readonly other: Ledger
  readonly clock: HandClock
  /** Changes the database by hand. */
  readonly byHand: (sql: string) => Promise<unknown>
}

/** Two hubs on one database. */
export async function twoHubs(server: PostgresServer): Promise<Hubs> {
  const url = await server.makeSchema()
  const clock = new HandClock()
  const now = () => clock.now()
  const open = async (): Promise<Ledger> => {
    const ledger = await openPostgresLedger({ url, clock: systemClock, random: randomBytes, now })
    onTestFinished(() => ledger[Symbol.asyncDispose]())
    return ledger
  }
  const schema = /search_path(?:%3D|=)(\w+)/.exec(url)?.[1]
  const byHand = (sql: string) => server.query(`SET search_path TO ${schema}; ${sql}`)
  return { one: await open(), other: await open(), clock, byHand }
}
