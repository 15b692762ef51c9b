import { AGENTS } from './all.ts'

const names = AGENTS.filter(({ needsModel }) => !needsModel).map(({ name }) => `\`${name}\``)

/** What follows when a worker has no way to a model. */
export const WITHOUT_MODEL = `only the agent ${names.join(' or ')} can work`
