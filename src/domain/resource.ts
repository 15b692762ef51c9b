import { z } from 'zod'
import { Offer } from './text.ts'

/** The key of a resource: `host:` and the origin of a git host, or `model:` and a model account. */
export const ResourceKey = z
  .string()
  .max(400)
  .regex(/^(?:host|model):\S+$/u, 'must be host: or model: and a name without spaces')

/** An outside service that jobs need and that can be unavailable: a git host or a model account. */
export const Resource = z.strictObject({
  key: ResourceKey,
  covers: z
    .array(Offer)
    .max(8)
    .describe('Patterns for demands; a job needs the resource if it has a matching demand'),
})
export type Resource = z.infer<typeof Resource>
