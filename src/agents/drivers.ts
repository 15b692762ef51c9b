import type { AgentDriver } from '../domain/agent.ts'
import type { AgentHost } from './agent-program.ts'
import { codexDriver } from './codex.ts'
import { commandDriver } from './command.ts'

/** Every agent a worker can run, by its name in a job's payload. */
export const agentDrivers = (host: AgentHost): ReadonlyMap<string, AgentDriver> =>
  new Map([commandDriver(host), codexDriver(host)].map((driver) => [driver.name, driver]))
