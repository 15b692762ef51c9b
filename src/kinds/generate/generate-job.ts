import { join } from 'node:path'
import type { Attempt } from '../../domain/attempt.ts'
import type { KindTools } from '../kind.ts'
import type { GeneratePayload } from './payload.ts'

/** One attempt at a generate job. */
export type GenerateJob = {
  readonly tools: Pick<KindTools, 'path' | 'clock'>
  readonly attempt: Attempt
  readonly payload: GeneratePayload
}

/** The folder of outputs in an attempt's folder. */
export const outputsOf = (folder: string): string => join(folder, 'outputs')
/** HOME of the generator and of the checks. */
export const homeOf = (folder: string): string => join(folder, 'home')
/** A file that exists once the hub has the attempt's outputs, so that salvage uploads nothing. */
export const keptMark = (folder: string): string => join(folder, 'outputs-kept')
