import { z } from 'zod'
import { CommandChecks } from '../../checks/asked.ts'
import { ObjectsAsked } from '../../checks/objects.ts'
import { line } from '../../domain/text.ts'
import { GeneratorChoice } from '../../generators/all.ts'

/** Files to be made by a generator, checked, and kept as artifacts. */
export const GeneratePayload = z.strictObject({
  generator: GeneratorChoice,
  request: z.json().optional().describe('What the generator is asked for; it alone looks inside'),
  outputs: ObjectsAsked.prefault({}).describe('What the files must be like'),
  checks: CommandChecks.describe('Must all pass; each runs in the folder of the files'),
  title: line(120).optional().describe('One line for lists; default: the command line'),
})
export type GeneratePayload = z.infer<typeof GeneratePayload>
