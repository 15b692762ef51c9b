// The turn that an agent is working on, with a file in the attempt's folder, which the agent cannot
// access. If the worker dies, its next start reads the file, and the next attempt continues the turn.
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { isDiskFull } from '../platform/disk-space.ts'
import { KeptTurn } from './kept-turn.ts'

/** What is known about a turn before it ends. */
const BegunTurn = z.strictObject({
  ...KeptTurn.pick({ attempt: true, iteration: true, session: true, answers: true }).shape,
  /** Paths of the agent's session files, relative to its HOME folder. */
  sessionFiles: z.array(z.string()),
})
export type BegunTurn = z.infer<typeof BegunTurn>

/** What a record says about a turn that did not finish. */
export type UnfinishedTurn = Pick<KeptTurn, 'iteration' | 'session' | 'summary' | 'answers'>

export class RunningTurn {
  readonly #file: string
  #turn: BegunTurn

  /** @param folder the attempt's folder */
  constructor(folder: string, turn: BegunTurn) {
    this.#file = fileIn(folder)
    this.#turn = turn
    this.#write()
  }

  get unfinished(): UnfinishedTurn {
    const { iteration, session, answers } = this.#turn
    return { iteration, session, summary: null, answers }
  }

  /** Notes the id of the session in which the agent works. */
  sawSession(session: string): void {
    this.#turn = { ...this.#turn, session }
    this.#write()
  }

  /** Removes the file. From now on the files in the workspace may be those of a check. */
  end(): void {
    rmSync(this.#file, { force: true })
  }

  /** Replaces the file atomically. Without space on the disk, the turn can only not be continued. */
  #write(): void {
    try {
      writeFileSync(`${this.#file}.tmp`, JSON.stringify(this.#turn), { mode: 0o600 })
      renameSync(`${this.#file}.tmp`, this.#file)
    } catch (error) {
      if (!isDiskFull(error)) throw error
    }
  }
}

/** Reads the turn that was running when the worker died; null if none was, or if the file is damaged. */
export async function readBegunTurn(folder: string): Promise<BegunTurn | null> {
  const text = await readFile(fileIn(folder), 'utf8').catch(() => '')
  try {
    return BegunTurn.parse(JSON.parse(text))
  } catch {
    return null
  }
}

const fileIn = (folder: string): string => join(folder, 'turn.json')
