import type { AgentDriver } from '../domain/agent.ts'
import type { AgentHost } from './agent-program.ts'
import { builtinDriver, type BuiltinOptions } from './builtin.ts'
import { codexDriver } from './codex.ts'
import { commandDriver } from './command.ts'

/** Every agent a worker can run, by its name in a job's payload. */
export function agentDrivers(host: AgentHost & BuiltinOptions): ReadonlyMap<string, AgentDriver> {
  const drivers = [commandDriver(host), codexDriver(host), builtinDriver(host)]
  return new Map(drivers.map((driver) => [driver.name, driver]))
}
