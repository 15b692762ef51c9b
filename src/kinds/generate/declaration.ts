import { generatorOffer, generatorsHere } from '../../generators/all.ts'
import type { Kind } from '../kind.ts'
import { generateForm } from './form.ts'
import { generateSchema } from './schema.ts'

/** Jobs in which a program makes files from the job's inputs. */
export const generate: Kind = {
  schema: generateSchema,
  form: generateForm,
  offers: () => generatorsHere().map(generatorOffer),
  work: async (tools) => (await import('./kind.ts')).generateKind(tools),
}
