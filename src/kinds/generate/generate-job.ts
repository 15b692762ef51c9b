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

/** The folder for the generator's outputs, in the attempt's folder. */
export const outputsOf = (folder: string): string => join(folder, 'outputs')
/** The HOME folder of the generator and of the checks. */
export const homeOf = (folder: string): string => join(folder, 'home')
/** A marker file that exists once the hub has all outputs. Salvage then has nothing to upload. */
export const keptMark = (folder: string): string => join(folder, 'outputs-kept')
