import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { JobId } from '../domain/id.ts'
import type { Fence } from '../domain/lease.ts'
import { Settlement, Usage } from '../domain/outcome.ts'
import { writeDurably } from '../platform/durable-file.ts'
import { nullWhenMissing } from '../platform/errno.ts'
import { PauseBody } from '../protocol/schemas.ts'
import { attemptName } from './attempt-folder.ts'

/** How an attempt ended, as the hub is to hear it. */
const End = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('settle'), settlement: Settlement }),
  z.strictObject({ kind: z.literal('pause'), pause: PauseBody.omit({ usage: true }) }),
  z.strictObject({ kind: z.literal('hand-back') }),
])
export type End = z.infer<typeof End>

/** The last word of an attempt. */
const FinalReport = z.strictObject({
  jobId: JobId,
  attempt: z.int().min(1),
  token: z.string().describe('Of the attempt: a later start of the worker speaks with it'),
  end: End,
  usage: Usage.nullable(),
  artifacts: z
    .array(
      z.strictObject({
        name: z.string(),
        mediaType: z.string(),
        file: z.string(),
        digest: z.string().exactOptional(),
      }),
    )
    .describe('Must be on the hub before the end is told'),
})
export type FinalReport = z.infer<typeof FinalReport>

/** A report of any other name is still being written. */
const WHOLE = '.json'

/**
 * Final reports that the hub has not answered yet. A report is on disk before it is sent, so a
 * worker that dies in between says the same again at its next start, not something else.
 */
export class ReportSpool {
  readonly #folder: string

  /** @param data the worker's data folder */
  constructor(data: string) {
    this.#folder = join(data, 'reports')
  }

  /** Removes halves of reports that a run which died was writing; to be called before any other. */
  async removeHalves(): Promise<void> {
    const halves = (await this.#names()).filter((name) => !name.endsWith(WHOLE))
    for (const name of halves) await rm(join(this.#folder, name), { force: true })
  }

  async write(report: FinalReport): Promise<void> {
    await writeDurably(this.#file(report), JSON.stringify(report))
  }

  async unsent(): Promise<readonly FinalReport[]> {
    const files = (await this.#names()).filter((name) => name.endsWith(WHOLE))
    return Promise.all(
      files.map(async (name) =>
        FinalReport.parse(JSON.parse(await readFile(join(this.#folder, name), 'utf8'))),
      ),
    )
  }

  async forget(fence: Fence): Promise<void> {
    await rm(this.#file(fence), { force: true })
  }

  #file(fence: Fence): string {
    return join(this.#folder, `${attemptName(fence)}${WHOLE}`)
  }

  async #names(): Promise<readonly string[]> {
    return (await readdir(this.#folder).catch(nullWhenMissing)) ?? []
  }
}
