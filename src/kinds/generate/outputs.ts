import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Attempt } from '../../domain/attempt.ts'
import { Digest } from '../../domain/input.ts'
import { ArtifactName } from '../../domain/text.ts'
import { fileDigest } from '../../platform/file-digest.ts'
import { OUTPUT_FILES_MAX, type WrittenFile } from './list-outputs.ts'

/** The step after which a later attempt can begin. */
const STEP = 'generate'

/** A finished generation: files that the hub keeps as artifacts of the attempt that made them. */
const Outputs = z.strictObject({
  attempt: z.int().min(1),
  files: z
    .array(z.strictObject({ name: ArtifactName, digest: Digest, size: z.int().min(0) }))
    .max(OUTPUT_FILES_MAX),
  /** What was not kept, and why; null for nothing. */
  leftOut: z.string().nullable(),
})
export type Outputs = z.infer<typeof Outputs>

const Product = z.strictObject({ outputs: Outputs.nullable() })

/** The id of exactly this set of names and contents, to which verdicts are bound. */
export function treeOf({ files }: Pick<Outputs, 'files'>): string {
  const hash = createHash('sha256')
  for (const { name, digest } of files.toSorted((one, other) => (one.name < other.name ? -1 : 1))) {
    hash.update(`${digest} ${name}\n`)
  }
  return hash.digest('hex')
}

/** Reads every file once for its digest. */
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

/** A written file with the digest it had when it was taken. */
export type MadeFile = WrittenFile & { readonly digest: string }

/** What an earlier attempt has made; null when this one must make it. */
export function keptOutputs({ earlier }: Pick<Attempt, 'earlier'>): Outputs | null {
  const made = earlier.checkpoints.findLast(({ step }) => step === STEP)
  // Another version of the program may have written it: then the files are made again.
  return Product.safeParse(made?.product).data?.outputs ?? null
}

/**
 * Records what this attempt made, or with null that it must be made again. Answers whether the hub
 * has all that was kept.
 */
export const recordOutputs = (
  { report }: Pick<Attempt, 'report'>,
  outputs: Outputs | null,
): Promise<boolean> => report.checkpoint({ step: STEP, product: { outputs } })
