import { z } from 'zod'
import type { AgentDriver } from '../domain/agent.ts'
import { Argv } from '../domain/argv.ts'
import type { Provider } from '../domain/offer.ts'
import type { LogStream } from '../domain/attempt.ts'
import { line } from '../domain/text.ts'
import type { AgentHost, DriverHost } from './agent-program.ts'

/**
 * The description of one agent. Many parts of Millwright load it, even to print a help text, so it
 * must load fast: only `driver` imports the libraries that drive the agent.
 */
type Declaration<Choice extends AgentChoice> = {
  readonly name: string
  /** A few words for the help text. */
  readonly description: string
  /** The schema of the agent in a job's payload: its name and its options. */
  readonly choice: ChoiceSchema & z.ZodType<Choice>
  /** What the command line passes to the agent: a model (`--model`) or a program (after `--`). */
  readonly takes: 'model' | 'program'
  /**
   * The provider of the model that the agent uses; `default` if the agent uses the worker's default
   * model; null if the payload does not say whether the agent uses a model.
   */
  serverOf(choice: AgentChoice): Provider | 'default' | null
  /**
   * The provider whose model the agent needs; `any` if a model from any provider is enough;
   * null if the agent needs no model.
   */
  readonly needsModel: Provider | 'any' | null
  /** How to install the agent, as part of a message; null if the agent is part of Millwright. */
  readonly getIt: string | null
  /** The name of the log that shows what the agent did, such as `transcript`. */
  readonly story: LogStream
  /**
   * Checks whether this machine has everything that the agent needs. Does not check whether the
   * worker has a model. Has no side effects.
   */
  preflight(host: AgentHost): Promise<Fitness>
  driver(host: DriverHost): Promise<DriverFactory<Choice>>
}
export type Agent = Declaration<AgentChoice>

/** The agent that a job's payload names, with that agent's options. */
export type AgentChoice = ModelChoice | ProgramChoice

/**
 * Settings of a job that do not depend on the agent. An agent uses those it supports and ignores
 * the rest.
 */
export type AgentOptions = {
  /** The command that tests the repository. */
  readonly test: readonly [string, ...string[]] | null
  /** The maximum number of model calls in one turn. */
  readonly steps: number
}

/** Creates the driver for one job from the job's agent and settings. */
export type DriverFactory<Choice = AgentChoice> = (
  choice: Choice,
  options: AgentOptions,
) => AgentDriver

/**
 * Declares an agent. Each job's choice is parsed with the agent's own schema before the driver gets
 * it.
 */
export const declareAgent = <Choice extends AgentChoice>(declared: Declaration<Choice>): Agent => ({
  ...declared,
  driver: async (host) => {
    const factory = await declared.driver(host)
    return (choice, options) => factory(declared.choice.parse(choice), options)
  },
})

/**
 * Whether a machine can run an agent. If it can, `says` describes the agent, for example by its
 * version. If it cannot, `says` is the reason and `fix` is what to do about it.
 */
export type Fitness =
  | { readonly fit: true; readonly says: string }
  | { readonly fit: false; readonly says: string; readonly fix: string }

/** The payload schema for an agent that uses a model. */
export const modelChoice = (name: string) =>
  z.strictObject({ name: z.literal(name), model: line(200).optional() })
export type ModelChoice = z.output<ReturnType<typeof modelChoice>>

/** The payload schema for an agent that is a program named in the job. */
export const programChoice = (name: string) =>
  z.strictObject({
    name: z.literal(name),
    run: Argv.describe(
      'Command to run. It receives the prompt on stdin; MILLWRIGHT_PROMPT also holds it if it is at most 96 KiB',
    ),
  })
export type ProgramChoice = z.output<ReturnType<typeof programChoice>>

type ChoiceSchema = ReturnType<typeof modelChoice> | ReturnType<typeof programChoice>
