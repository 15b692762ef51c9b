import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { openSqliteLedger } from '../../src/ledger/sqlite/open.ts'
import type { Clock } from '../../src/platform/clock.ts'
import type { Bed } from '../conformance/ledger/bed.ts'

/** A stopped clock that a test moves: by letting time pass, or by setting it. */
export class HandClock implements Clock {
  #wall = 1_800_000_000_000
  #elapsed = 5000.5

  now(): number {
    return this.#wall
  }

  monotonic(): number {
    return this.#elapsed
  }

  sleep(ms: number): Promise<void> {
    this.advance(ms)
    return Promise.resolve()
  }

  advance(ms: number): void {
    this.#wall += ms
    this.#elapsed += ms
  }

  /** Sets the machine's clock, while no time passes. */
  step(ms: number): void {
    this.#wall += ms
  }
}

/** A ledger in a fresh folder. */
export async function makeSqliteBed(): Promise<
  Bed & { readonly folder: string; readonly clock: HandClock; dispose(): Promise<void> }
> {
  const folder = await mkdtemp(join(tmpdir(), 'millwright-ledger-'))
  const clock = new HandClock()
  const open = () => openSqliteLedger({ folder, clock, random: randomBytes })
  const bed = {
    folder,
    clock,
    ledger: await open(),
    advance: (ms: number) => clock.advance(ms),
    graceAfterRestart: true,
    reopen: async () => {
      await bed.ledger[Symbol.asyncDispose]()
      bed.ledger = await open()
    },
    dispose: async () => {
      await bed.ledger[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
  return bed
}

/** A test bed that is removed when its test ends. */
export async function openOnSqlite(): ReturnType<typeof makeSqliteBed> {
  const bed = await makeSqliteBed()
  onTestFinished(() => bed.dispose())
  return bed
}
