import type { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import { Submission } from '../../domain/job.ts'
import { nearMiss } from '../../domain/near-miss.ts'
import { refuseOddJson } from '../../hub/odd-json.ts'
import { KINDS } from '../../kinds/all.ts'
import { parseInput } from '../../protocol/parse-input.ts'
import { JSON_BYTES_MAX } from '../../protocol/schemas.ts'

/**
 * Runs the hub's validations that do not depend on the hub's state. An invalid job in a file is
 * thus found before any job is submitted. Returns the job without default values, which the hub
 * adds. Throws the same errors as the hub.
 */
export function checkJob(job: unknown): z.input<typeof Submission> {
  refuseOddJson(job)
  const size = Buffer.byteLength(JSON.stringify(job) ?? '')
  if (size > JSON_BYTES_MAX) {
    throw new AppError(
      'body-too-large',
      `the job has ${size} bytes; the maximum is ${JSON_BYTES_MAX}`,
    )
  }
  const { kind, payload } = parseInput(Submission, job, { code: 'request-invalid', where: '' })
  const names = KINDS.map(({ schema }) => schema.name)
  const known = KINDS.find(({ schema }) => schema.name === kind)
  if (known === undefined) {
    const meant = nearMiss(kind, names)
    const hint =
      meant === undefined ? `the kinds are ${names.join(', ')}` : `did you mean ${meant}?`
    throw new AppError('kind-unknown', `kind: there is no kind ${JSON.stringify(kind)}; ${hint}`)
  }
  parseInput(known.schema.schema, payload, { code: 'payload-invalid', where: 'payload' })
  // `parseInput` has validated the job. Its output is not used, because it contains default values.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return job as z.input<typeof Submission>
}
