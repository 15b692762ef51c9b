import type { Kind } from '../kind.ts'
import { codeForm } from './form.ts'
import { codeSchema } from './schema.ts'

/** Work on a git repository. */
export const code: Kind = {
  schema: codeSchema,
  form: codeForm,
  work: async (tools) => (await import('./kind.ts')).codeKind(tools),
}
