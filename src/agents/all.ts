import type { AgentDriver } from '../domain/agent.ts'
import type { Agent } from './agent.ts'
import type { AgentHost, DriverHost } from './agent-program.ts'
import { builtin } from './builtin.ts'
import { codex } from './codex.ts'
import { command } from './command.ts'

/** Every agent, the most capable first: the first is the default. */
export const AGENTS: readonly [Agent, ...Agent[]] = [builtin, codex, command]

/** The driver of every agent, by its name in a job's payload. */
export async function agentDrivers(host: DriverHost): Promise<ReadonlyMap<string, AgentDriver>> {
  const drivers = await Promise.all(AGENTS.map((agent) => agent.driver(host)))
  return new Map(drivers.map((driver) => [driver.name, driver]))
}

/** The agents that can work on this machine. */
export async function fitAgents(host: AgentHost, hasModel: boolean): Promise<readonly Agent[]> {
  const usable = AGENTS.filter(({ needsModel }) => hasModel || !needsModel)
  const fitness = await Promise.all(usable.map((agent) => agent.preflight(host)))
  return usable.filter((_, index) => fitness[index]?.fit)
}
