import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { JobId } from '../domain/id.ts'
import type { Fence } from '../domain/lease.ts'
import { Deferral, Settlement, Usage } from '../domain/outcome.ts'
import { writeDurably } from '../platform/durable-file.ts'
import { nullWhenMissing } from '../platform/errno.ts'
import { PauseBody } from '../protocol/schemas.ts'
import { attemptName } from './attempt-folder.ts'

/** How an attempt ended, in the form that the hub's routes accept. */
const End = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('settle'), settlement: Settlement }),
  z.strictObject({ kind: z.literal('pause'), pause: PauseBody.omit({ usage: true }) }),
  z.strictObject({ kind: z.literal('defer'), deferral: Deferral }),
  z.strictObject({ kind: z.literal('hand-back') }),
])
export type End = z.infer<typeof End>

const FinalReport = z.strictObject({
  jobId: JobId,
  attempt: z.int().min(1),
  token: z.string().describe('The attempt’s token, with which a restarted worker authenticates'),
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
    .describe('Files that the hub must have before the report is sent'),
})
export type FinalReport = z.infer<typeof FinalReport>

/** Suffix of the file names of complete reports. A file without it was not written completely. */
const COMPLETE = '.json'

/**
 * Stores final reports on disk until the hub accepts or refuses them. A report is stored before it
 * is sent: if the worker dies before the hub's answer, its next start sends the same report again.
 */
export class ReportSpool {
  readonly #folder: string

  /** @param data the worker's data folder */
  constructor(data: string) {
    this.#folder = join(data, 'reports')
  }

  /**
   * Removes reports that an earlier run wrote only in part. Must be called before any other method.
   */
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
