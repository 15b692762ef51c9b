import { join } from 'node:path'
import type { Attempt } from '../../domain/attempt.ts'
import type { KindTools } from '../kind.ts'
import type { GeneratePayload } from './payload.ts'

/** One attempt at one generate job. */
export type GenerateJob = {
  readonly tools: Pick<KindTools, 'path' | 'clock'>
  readonly attempt: Attempt
  readonly payload: GeneratePayload
}

/** The folder of outputs in an attempt's folder. */
export const outputsOf = (folder: string): string => join(folder, 'outputs')
/** HOME of the generator and of the checks. */
export const homeOf = (folder: string): string => join(folder, 'home')
/** Exists once the hub has the outputs of the attempt: then salvage has nothing to upload. */
export const keptMark = (folder: string): string => join(folder, 'outputs-kept')
