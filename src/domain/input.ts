import { z } from 'zod'
import { ArtifactName } from './text.ts'

/** A SHA-256 digest, as hex digits in lower case. */
export const Digest = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 digest: 64 hex digits in lower case')

/** Maximum size of an input or artifact, in bytes. */
export const FILE_BYTES_MAX = 5 * 1024 ** 3

/** Maximum number of inputs of one job. */
export const INPUTS_MAX = 1000

/** A file submitted with a job: its name in the job, and the digest of its uploaded bytes. */
export const Input = z.strictObject({ name: ArtifactName, digest: Digest })
export type Input = z.infer<typeof Input>

/** An input that is stored on the hub. `size` is in bytes. */
export const InputFile = z.object({ name: z.string(), digest: z.string(), size: z.int().min(0) })
export type InputFile = z.infer<typeof InputFile>

/** The inputs of a job. Names are unique, and no input has the name of another input's folder. */
export const Inputs = z
  .array(Input)
  .max(INPUTS_MAX)
  .superRefine((inputs, context) => {
    const names = inputs.map(({ name }) => name)
    const twice = names.find((name, index) => names.indexOf(name) !== index)
    if (twice !== undefined) context.addIssue(`two inputs are named "${twice}"`)
  })
  .refine((inputs) => {
    const names = new Set(inputs.map(({ name }) => name))
    return !inputs.some(({ name }) => parentsOf(name).some((parent) => names.has(parent)))
  }, 'one input has the same name as the folder of another input')

const parentsOf = (name: string): readonly string[] =>
  name.split('/').map((_, index, parts) => parts.slice(0, index).join('/'))
