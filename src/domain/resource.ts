import { z } from 'zod'
import { Offer } from './text.ts'

/** Names a resource: `host:` and an origin, or `model:` and an account at a model. */
export const ResourceKey = z
  .string()
  .max(400)
  .regex(/^(?:host|model):\S+$/u, 'must be host: or model:, and a name without spaces')

/** Something outside Millwright that jobs need and that can be away, such as a git host. */
export const Resource = z.strictObject({
  key: ResourceKey,
  covers: z
    .array(Offer)
    .max(8)
    .describe('Patterns for demands; a job with a demand that matches one needs the resource'),
})
export type Resource = z.infer<typeof Resource>
