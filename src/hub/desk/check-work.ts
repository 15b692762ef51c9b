import { AppError } from '../../domain/errors.ts'
import type { Submission } from '../../domain/job.ts'
import type { KindSchema } from '../../domain/kind.ts'
import { type Facts, protocolDemand } from '../../protocol/demands.ts'
import { parseInput } from '../../protocol/parse-input.ts'
import type { HubState } from '../context.ts'

type Asked = Pick<Submission, 'payload' | 'locks'> & Facts

/** The kind of a job. Throws `kind-unknown`. */
export function kindNamed({ kinds }: HubState, name: string): KindSchema {
  const kind = kinds.get(name)
  if (kind !== undefined) return kind
  const known = [...kinds.keys()].join(', ')
  throw new AppError(
    'kind-unknown',
    `There is no kind ${JSON.stringify(name)}; known are ${known}.`,
  )
}

/**
 * What the kind makes of a submission: its title, its further locks, what its worker must offer.
 * The payload stays as it was asked for: defaults belong to the worker, which may be of the version
 * before and not know them. Throws `payload-invalid`.
 */
export function checkWork<Work extends Asked>(
  kind: KindSchema,
  work: Work,
): Work & { title: string; demands: readonly string[] } {
  const origin = { code: 'payload-invalid', where: 'payload' } as const
  const payload = parseInput(kind.schema, work.payload, origin)
  const locks = [...new Set([...work.locks, ...kind.locks(payload)])]
  const demands = [...kind.demands(payload), ...protocolDemand(kind.protocol(payload), work)]
  return { ...work, locks, title: kind.title(payload), demands }
}
