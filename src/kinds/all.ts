import { code } from './code/declaration.ts'
import { generate } from './generate/declaration.ts'
import type { Kind } from './kind.ts'

/** All kinds of jobs. The first is the default of `millwright submit`. */
export const KINDS: readonly [Kind, ...Kind[]] = [code, generate]
