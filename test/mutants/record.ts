import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { ROOT } from '../../scripts/run.ts'
import type { Mutant } from './find.ts'

const Entry = z.object({ key: z.string(), by: z.string() })

/** A file of killed mutants and the tests that killed them, so that an interrupted run can continue. */
export class Record {
  readonly #file: string | undefined
  readonly #killers = new Map<string, string>()

  constructor(file: string | undefined) {
    this.#file = file
    if (file === undefined || !existsSync(file)) return
    for (const line of readFileSync(file, 'utf8').trim().split('\n')) {
      const { key, by } = Entry.parse(JSON.parse(line))
      this.#killers.set(key, by)
    }
  }

  /** The test that killed the mutant, if its source file is unchanged. */
  killerOf(mutant: Mutant): string | undefined {
    return this.#killers.get(keyOf(mutant))
  }

  add(mutant: Mutant, by: string): void {
    if (this.#file === undefined) return
    appendFileSync(this.#file, `${JSON.stringify({ key: keyOf(mutant), by })}\n`)
  }
}

const keyOf = ({ path, start, end, becomes }: Mutant): string =>
  createHash('sha256')
    .update(JSON.stringify([path, start, end, becomes, readFileSync(join(ROOT, path), 'utf8')]))
    .digest('hex')
