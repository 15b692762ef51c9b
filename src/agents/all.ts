import type { Agent, DriverFactory } from './agent.ts'
import type { AgentHost, DriverHost } from './agent-program.ts'
import type { Provider } from '../domain/offer.ts'
import { oneOf } from '../domain/plain-words.ts'
import { builtin } from './builtin.ts'
import { codex } from './codex.ts'
import { command } from './command.ts'

/** All agents, the most capable first. The first one is the default. */
export const AGENTS: readonly [Agent, ...Agent[]] = [builtin, codex, command]

const NAMES = AGENTS.map(({ name }) => name)

/** The message for a name that no agent has; undefined if the value is not text. */
export const unknownAgent = (name: unknown): string | undefined =>
  typeof name === 'string'
    ? `${oneOf(name, NAMES)}; the agent ${command.name} runs any other program: see docs/agents.md`
    : undefined

/** Returns each agent's driver factory under the name that the agent has in a job's payload. */
export async function agentDrivers(host: DriverHost): Promise<ReadonlyMap<string, DriverFactory>> {
  const drivers = AGENTS.map(async (agent) => [agent.name, await agent.driver(host)] as const)
  return new Map(await Promise.all(drivers))
}

/**
 * Returns the agents that pass their preflight on this machine. Leaves out an agent that needs a
 * model from a provider that is not in `providers`.
 */
export async function fitAgents(
  host: AgentHost,
  providers: readonly Provider[],
): Promise<readonly Agent[]> {
  const usable = AGENTS.filter(
    ({ needsModel: needed }) =>
      needed === null || (needed === 'any' ? providers.length > 0 : providers.includes(needed)),
  )
  const fitness = await Promise.all(usable.map((agent) => agent.preflight(host)))
  return usable.filter((_, index) => fitness[index]?.fit)
}
