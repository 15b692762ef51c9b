import { code } from './code/declaration.ts'
import { generate } from './generate/declaration.ts'
import type { Kind } from './kind.ts'

/** Every kind of job: the first is the one that `millwright submit` means when none is named. */
export const KINDS: readonly [Kind, ...Kind[]] = [code, generate]
