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

/** How an attempt ended, as the hub expects it. */
const End = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('settle'), settlement: Settlement }),
  z.strictObject({ kind: z.literal('pause'), pause: PauseBody.omit({ usage: true }) }),
  z.strictObject({ kind: z.literal('hand-back') }),
])
export type End = z.infer<typeof End>

const FinalReport = z.strictObject({
  jobId: JobId,
  attempt: z.int().min(1),
  token: z.string().describe('Of the attempt: a restarted worker authenticates with it'),
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
    .describe('Must be on the hub before the end is reported'),
})
export type FinalReport = z.infer<typeof FinalReport>

/** Suffix of complete reports: a file with another name is still being written. */
const COMPLETE = '.json'

/**
 * Final reports that the hub has not answered yet. A report is on disk before it is sent, so that a
 * worker that dies in between sends the same report again after its next start, not another one.
 */
export class ReportSpool {
  readonly #folder: string

  /** @param data the worker's data folder */
  constructor(data: string) {
    this.#folder = join(data, 'reports')
  }

  /** Removes reports that an earlier run died while writing. Must be called before any other method. */
  async removePartial(): Promise<void> {
    const partial = (await this.#names()).filter((name) => !name.endsWith(COMPLETE))
    for (const name of partial) await rm(join(this.#folder, name), { force: true })
  }

  async write(report: FinalReport): Promise<void> {
    await writeDurably(this.#file(report), JSON.stringify(report))
  }

  async unsent(): Promise<readonly FinalReport[]> {
    const files = (await this.#names()).filter((name) => name.endsWith(COMPLETE))
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
    return join(this.#folder, `${attemptName(fence)}${COMPLETE}`)
  }

  async #names(): Promise<readonly string[]> {
    return (await readdir(this.#folder).catch(nullWhenMissing)) ?? []
  }
}
