import { z } from 'zod'
import type { AgentDriver } from '../domain/agent.ts'
import { Argv } from '../domain/argv.ts'
import type { LogStream } from '../domain/attempt.ts'
import { line } from '../domain/text.ts'
import type { AgentHost, DriverHost } from './agent-program.ts'

/**
 * One agent, as everybody who meets it knows it: payload, command line, doctor and worker. It is
 * imported by all of them, so the libraries that drive the agent are loaded by `driver` alone.
 */
type Declaration<Choice extends AgentChoice> = {
  readonly name: string
  /** For the help text, in a few words. */
  readonly description: string
  /** How a job's payload names it, with what it can be given there. */
  readonly choice: ChoiceSchema & z.ZodType<Choice>
  /** What a command line gives it: a model by `--model`, or its own program after `--`. */
  readonly takes: 'model' | 'program'
  /** Whether it is useless on a worker without a way to a model. */
  readonly needsModel: boolean
  /** The log that tells what it did. */
  readonly story: LogStream
  /** Whether it can work on this machine, apart from a model. Changes nothing. */
  preflight(host: AgentHost): Promise<Fitness>
  driver(host: DriverHost): Promise<DriverFactory<Choice>>
}
export type Agent = Declaration<AgentChoice>

/** How a job names its agent, with the options that this agent declares. */
export type AgentChoice = ModelChoice | ProgramChoice

/** What a job says of its work beside that; an agent reads what it has a use for. */
export type AgentOptions = {
  /** How the repository is tested. */
  readonly test: readonly [string, ...string[]] | null
  /** The most model calls in one turn. */
  readonly steps: number
}

/** Makes the driver for one job. */
export type DriverFactory<Choice = AgentChoice> = (
  choice: Choice,
  options: AgentOptions,
) => AgentDriver

/** Declares an agent whose driver gets its choice in the type of its own schema. */
export const declareAgent = <Choice extends AgentChoice>(declared: Declaration<Choice>): Agent => ({
  ...declared,
  driver: async (host) => {
    const factory = await declared.driver(host)
    return (choice, options) => factory(declared.choice.parse(choice), options)
  },
})

/** Whether an agent can work on a machine, or why not and what to do about it. */
export type Fitness =
  | { readonly fit: true; readonly says: string }
  | { readonly fit: false; readonly says: string; readonly fix: string }

/** The choice of an agent that works with a model. */
export const modelChoice = (name: string) =>
  z.strictObject({ name: z.literal(name), model: line(200).optional() })
export type ModelChoice = z.output<ReturnType<typeof modelChoice>>

/** The choice of an agent that is a program of the job's own. */
export const programChoice = (name: string) =>
  z.strictObject({
    name: z.literal(name),
    run: Argv.describe('Gets the prompt on stdin and, up to 96 KiB, in MILLWRIGHT_PROMPT'),
  })
export type ProgramChoice = z.output<ReturnType<typeof programChoice>>

type ChoiceSchema = ReturnType<typeof modelChoice> | ReturnType<typeof programChoice>
