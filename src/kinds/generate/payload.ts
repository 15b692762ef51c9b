import { z } from 'zod'
import { CommandChecks } from '../../checks/asked.ts'
import { ObjectsAsked } from '../../checks/objects.ts'
import { line } from '../../domain/text.ts'
import { GeneratorChoice } from '../../generators/all.ts'

/** A generator makes files; they are checked and kept as artifacts. */
export const GeneratePayload = z.strictObject({
  generator: GeneratorChoice,
  request: z.json().optional().describe('Input for the generator, which alone interprets it'),
  outputs: ObjectsAsked.prefault({}).describe('Requirements on the files'),
  checks: CommandChecks.describe('All must pass; each runs in the folder of the files'),
  title: line(120).optional().describe('One line for lists; default: the command line'),
})
export type GeneratePayload = z.infer<typeof GeneratePayload>
