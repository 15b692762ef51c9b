import type { Kind } from './kind.ts'
import { generate } from './generate/declaration.ts'

/** Every kind of job that declares itself. */
export const KINDS: readonly Kind[] = [generate]
