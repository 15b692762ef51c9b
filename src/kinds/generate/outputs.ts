import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Attempt } from '../../domain/attempt.ts'
import { Digest } from '../../domain/input.ts'
import { ArtifactName } from '../../domain/text.ts'
import { fileDigest } from '../../platform/file-digest.ts'
import { OUTPUT_FILES_MAX, type WrittenFile } from './list-outputs.ts'

/** The name of the checkpointed step. A later attempt continues after this step. */
const STEP = 'generate'

/**
 * The files that a generator wrote. The hub stores them as artifacts of the attempt with the number
 * `attempt`.
 */
const Outputs = z.strictObject({
  attempt: z.int().min(1),
  files: z
    .array(z.strictObject({ name: ArtifactName, digest: Digest, size: z.int().min(0) }))
    .max(OUTPUT_FILES_MAX),
  /** A sentence that names the files that were not kept, and why; null if all were kept. */
  leftOut: z.string().nullable(),
})
export type Outputs = z.infer<typeof Outputs>

const Product = z.strictObject({ outputs: Outputs.nullable() })

/**
 * A digest of all names and contents. A check's verdict contains it to identify what was checked.
 */
export function treeOf({ files }: Pick<Outputs, 'files'>): string {
  const hash = createHash('sha256')
  for (const { name, digest } of files.toSorted((one, other) => (one.name < other.name ? -1 : 1))) {
    hash.update(`${digest} ${name}\n`)
  }
  return hash.digest('hex')
}

/** Computes the digest of every file. */
export async function digested(
  files: readonly WrittenFile[],
  signal: AbortSignal,
): Promise<readonly MadeFile[]> {
  const found: MadeFile[] = []
  for (const written of files) {
    found.push({ ...written, digest: await fileDigest(written.file, signal) })
  }
  return found
}

/** A written file with its digest. */
export type MadeFile = WrittenFile & { readonly digest: string }

/** The outputs of an earlier attempt; null if this attempt must run the generator. */
export function keptOutputs({ earlier }: Pick<Attempt, 'earlier'>): Outputs | null {
  const made = earlier.checkpoints.findLast(({ step }) => step === STEP)
  // If another version of Millwright wrote the checkpoint in an unknown format, the generator runs
  // again.
  return Product.safeParse(made?.product).data?.outputs ?? null
}

/**
 * Records the outputs of this attempt. If `outputs` is null, records that a later attempt must run
 * the generator again.
 * @returns false if the hub refused an artifact; then nothing was recorded
 */
export const recordOutputs = (
  { report }: Pick<Attempt, 'report'>,
  outputs: Outputs | null,
): Promise<boolean> => report.checkpoint({ step: STEP, product: { outputs } })
