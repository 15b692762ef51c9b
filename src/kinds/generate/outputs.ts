import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Attempt } from '../../domain/attempt.ts'
import { Digest } from '../../domain/input.ts'
import { ArtifactName } from '../../domain/text.ts'
import { fileDigest } from '../../platform/file-digest.ts'
import { OUTPUT_FILES_MAX, type WrittenFile } from './list-outputs.ts'

/** The step after which a later attempt can continue. */
const STEP = 'generate'

/** The files of a finished generator, which the hub has as artifacts of the attempt that made them. */
const Outputs = z.strictObject({
  attempt: z.int().min(1),
  files: z
    .array(z.strictObject({ name: ArtifactName, digest: Digest, size: z.int().min(0) }))
    .max(OUTPUT_FILES_MAX),
  /** A sentence about the files that were not kept, and why; null for none. */
  leftOut: z.string().nullable(),
})
export type Outputs = z.infer<typeof Outputs>

const Product = z.strictObject({ outputs: Outputs.nullable() })

/** A digest of all names and contents, to which verdicts are bound. */
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

/** The outputs of an earlier attempt; null when this one must run the generator. */
export function keptOutputs({ earlier }: Pick<Attempt, 'earlier'>): Outputs | null {
  const made = earlier.checkpoints.findLast(({ step }) => step === STEP)
  // Another version of the program may have written it in another form: then the generator runs again.
  return Product.safeParse(made?.product).data?.outputs ?? null
}

/**
 * Records the outputs of this attempt, or with null that a later attempt must run the generator again.
 * Returns whether the hub has all artifacts.
 */
export const recordOutputs = (
  { report }: Pick<Attempt, 'report'>,
  outputs: Outputs | null,
): Promise<boolean> => report.checkpoint({ step: STEP, product: { outputs } })
