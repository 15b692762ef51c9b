import { parse } from 'node:path'
import { AppError } from '../../domain/errors.ts'
import { requestDigest } from '../../hub/desk/request-digest.ts'
import { withInputs } from '../submit-with-inputs.ts'
import type { Placed } from './placed.ts'
import type { Prepared } from './prepared.ts'

/** Jobs that are submitted together. */
export type Batch = {
  readonly jobs: readonly Placed<Prepared>[]
  /** The groups of the jobs. */
  readonly groups: readonly [string, ...string[]]
}

/**
 * Sets the group and the idempotency key of each job that does not set them itself. An idempotency
 * key is a digest of the batch's name and the job's content, so that a repeated command submits no
 * job twice. Equal jobs of a batch are numbered, so that each of them is submitted. The batch's
 * name is `key` if given; otherwise, it is the job's group. The default group is `group` if given;
 * otherwise, its name is made of the source's name and a digest of all jobs.
 */
export function batchOf(
  jobs: readonly Placed<Prepared>[],
  {
    source,
    group,
    key,
  }: {
    readonly source: string
    readonly group: string | undefined
    readonly key: string | undefined
  },
): Batch {
  refuseEqualIds(jobs)
  const contents = jobs.map(({ value }) => withInputs(value.body, value.inputs))
  const usual = group ?? `${stemOf(source)}-${requestDigest(contents).slice(0, 8)}`
  const copies = new Map<string, number>()
  const keyed = jobs.map(({ place, value }, index) => {
    const body = { ...value.body, group: value.body.group ?? usual }
    const content = requestDigest([key ?? body.group, { ...contents[index], group: body.group }])
    const copy = (copies.get(content) ?? 0) + 1
    copies.set(content, copy)
    const idempotencyKey = body.idempotencyKey ?? `batch:${content}:${copy}`
    return { place, value: { ...value, body: { ...body, idempotencyKey } } }
  })
  const [first = usual, ...others] = new Set(keyed.map(({ value }) => value.body.group))
  return { jobs: keyed, groups: [first, ...others] }
}

function refuseEqualIds(jobs: readonly Placed<Prepared>[]): void {
  const places = new Map<string, string>()
  for (const { place, value } of jobs) {
    const { id } = value.body
    if (id === undefined) continue
    const earlier = places.get(id)
    if (earlier !== undefined) {
      throw new AppError(
        'usage-invalid',
        `${place}: this job has the same id as the job at ${earlier}`,
      )
    }
    places.set(id, place)
  }
}

/** The name of a file without its folder and extension, with a dash for each unusual character. */
const stemOf = (source: string): string =>
  parse(source)
    .name.replaceAll(/[^\w.-]+/g, '-')
    .slice(0, 100)
