import { AGENTS } from './all.ts'

const names = AGENTS.filter(({ needsModel }) => needsModel === null).map(
  ({ name }) => `\`${name}\``,
)

/** A clause for messages that says which agents can work if the worker has no model. */
export const WITHOUT_MODEL = `only the agent ${names.join(' or ')} can work`
