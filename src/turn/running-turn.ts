// Records the agent's current turn in a file in the attempt's folder, to which the agent has no
// access. If the worker dies, the restarted worker reads the file, so that the next attempt
// continues the turn.
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

/** The part of a checkpoint that describes an unfinished turn. */
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

  /**
   * Removes the file. From now on, checks may write to the workspace, so the files in the workspace
   * no longer all come from the agent.
   */
  end(): void {
    rmSync(this.#file, { force: true })
  }

  /**
   * Replaces the file atomically. If the disk is full, keeps the previous file, if there is one,
   * and does not throw.
   */
  #write(): void {
    try {
      writeFileSync(`${this.#file}.tmp`, JSON.stringify(this.#turn), { mode: 0o600 })
      renameSync(`${this.#file}.tmp`, this.#file)
    } catch (error) {
      if (!isDiskFull(error)) throw error
    }
  }
}

/**
 * Reads the turn that was running when the worker died. Returns null if no turn was running or if
 * the file is damaged.
 */
export async function readBegunTurn(folder: string): Promise<BegunTurn | null> {
  const text = await readFile(fileIn(folder), 'utf8').catch(() => '')
  try {
    return BegunTurn.parse(JSON.parse(text))
  } catch {
    return null
  }
}

const fileIn = (folder: string): string => join(folder, 'turn.json')
