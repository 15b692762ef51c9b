import { AGENTS } from './all.ts'

const names = AGENTS.filter(({ needsModel }) => !needsModel).map(({ name }) => `\`${name}\``)

/** The consequence of a worker without a model, as a clause for messages. */
export const WITHOUT_MODEL = `only the agent ${names.join(' or ')} can work`
