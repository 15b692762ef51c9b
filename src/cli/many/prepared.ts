import type { z } from 'zod'
import type { Submission } from '../../domain/job.ts'
import type { LocalInput } from '../inputs.ts'

/** A job before it is submitted, and the local files that become its inputs. */
export type Prepared = {
  readonly body: z.input<typeof Submission>
  readonly inputs: readonly LocalInput[]
}
