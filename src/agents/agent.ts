import { z } from 'zod'
import type { AgentDriver } from '../domain/agent.ts'
import { Argv } from '../domain/argv.ts'
import type { LogStream } from '../domain/attempt.ts'
import { line } from '../domain/text.ts'
import type { AgentHost, DriverHost } from './agent-program.ts'

/**
 * One agent, as payload, command line, doctor and worker know it. All of them import it, so only
 * `driver` loads the libraries that drive the agent.
 */
type Declaration<Choice extends AgentChoice> = {
  readonly name: string
  /** For the help text, in a few words. */
  readonly description: string
  /** The schema of the agent in a job's payload: its name and its options. */
  readonly choice: ChoiceSchema & z.ZodType<Choice>
  /** What the command line passes to it: a model (`--model`), or a program (after `--`). */
  readonly takes: 'model' | 'program'
  /** Whether it cannot work on a worker without a model. */
  readonly needsModel: boolean
  /** The log that shows what the agent did. */
  readonly story: LogStream
  /** Whether it can work on this machine if it has a model. Changes nothing. */
  preflight(host: AgentHost): Promise<Fitness>
  driver(host: DriverHost): Promise<DriverFactory<Choice>>
}
export type Agent = Declaration<AgentChoice>

/** The agent in a job's payload, with the options that this agent declares. */
export type AgentChoice = ModelChoice | ProgramChoice

/** Further settings of a job; an agent uses the ones it supports. */
export type AgentOptions = {
  /** The command that tests the repository. */
  readonly test: readonly [string, ...string[]] | null
  /** The most model calls in one turn. */
  readonly steps: number
}

/** Creates the driver for one job. */
export type DriverFactory<Choice = AgentChoice> = (
  choice: Choice,
  options: AgentOptions,
) => AgentDriver

/** Declares an agent. Its driver gets the choice as parsed by the agent's own schema. */
export const declareAgent = <Choice extends AgentChoice>(declared: Declaration<Choice>): Agent => ({
  ...declared,
  driver: async (host) => {
    const factory = await declared.driver(host)
    return (choice, options) => factory(declared.choice.parse(choice), options)
  },
})

/** Whether an agent can work on a machine; if not, why and how to fix it. */
export type Fitness =
  | { readonly fit: true; readonly says: string }
  | { readonly fit: false; readonly says: string; readonly fix: string }

/** The choice of an agent that uses a model. */
export const modelChoice = (name: string) =>
  z.strictObject({ name: z.literal(name), model: line(200).optional() })
export type ModelChoice = z.output<ReturnType<typeof modelChoice>>

/** The choice of an agent that is a program named by the job. */
export const programChoice = (name: string) =>
  z.strictObject({
    name: z.literal(name),
    run: Argv.describe('Gets the prompt on stdin and, up to 96 KiB, in MILLWRIGHT_PROMPT'),
  })
export type ProgramChoice = z.output<ReturnType<typeof programChoice>>

type ChoiceSchema = ReturnType<typeof modelChoice> | ReturnType<typeof programChoice>
