import { AppError } from '../../domain/errors.ts'
import type { Submission } from '../../domain/job.ts'
import type { KindSchema } from '../../domain/kind.ts'
import { type Facts, protocolDemand } from '../../protocol/demands.ts'
import { parseInput } from '../../protocol/parse-input.ts'
import type { HubState } from '../context.ts'

type Unchecked = Pick<Submission, 'payload' | 'locks'> & Facts

/** Returns the kind with this name. Throws `kind-unknown`. */
export function kindNamed({ kinds }: HubState, name: string): KindSchema {
  const kind = kinds.get(name)
  if (kind !== undefined) return kind
  const known = [...kinds.keys()].join(', ')
  throw new AppError(
    'kind-unknown',
    `There is no kind ${JSON.stringify(name)}; the kinds are ${known}.`,
  )
}

/**
 * Validates the payload, and adds the title, lock keys and demands that the kind derives from the
 * payload. Does not fill in default values for fields missing from the payload: each worker fills
 * in its own defaults, because a worker of the previous version may not recognize fields that are
 * new in this hub. Throws `payload-invalid`.
 */
export function checkWork<Work extends Unchecked>(
  kind: KindSchema,
  work: Work,
): Work & { title: string; demands: readonly string[] } {
  const origin = { code: 'payload-invalid', where: 'payload' } as const
  const payload = parseInput(kind.schema, work.payload, origin)
  const locks = [...new Set([...work.locks, ...kind.locks(payload)])]
  const demands = [...kind.demands(payload), ...protocolDemand(kind.protocol(payload), work)]
  return { ...work, locks, title: kind.title(payload), demands }
}
