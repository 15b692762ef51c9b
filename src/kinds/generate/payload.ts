import { z } from 'zod'
import { CommandChecks } from '../../checks/asked.ts'
import { ObjectsAsked } from '../../checks/objects.ts'
import { line } from '../../domain/text.ts'
import { GeneratorChoice } from '../../generators/all.ts'

/** The payload of a job in which a generator makes files. */
export const GeneratePayload = z.strictObject({
  generator: GeneratorChoice,
  request: z.json().optional().describe('Input that only the generator interprets'),
  outputs: ObjectsAsked.prefault({}).describe(
    'Requirements for the files that the generator writes',
  ),
  checks: CommandChecks.describe(
    'All must pass; each runs in the folder with the generator’s files',
  ),
  title: line(120).optional().describe('The job’s title in lists; default: the command line'),
})
export type GeneratePayload = z.infer<typeof GeneratePayload>
