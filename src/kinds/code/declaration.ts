import { agentOffer, ANY_REPOSITORY, LOCAL_REPOSITORY } from '../../domain/offer.ts'
import type { Kind } from '../kind.ts'
import { codeForm } from './form.ts'
import { codeSchema } from './schema.ts'

/** Jobs in which an agent edits a git repository. */
export const code: Kind = {
  schema: codeSchema,
  form: codeForm,
  offers: ({ agents, localRepositories }) => [
    ...agents.map(agentOffer),
    ANY_REPOSITORY,
    ...(localRepositories ? [LOCAL_REPOSITORY] : []),
  ],
  work: async (tools) => (await import('./kind.ts')).codeKind(tools),
}
