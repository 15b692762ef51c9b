import type { AgentDriver, AgentPlace, AgentTask } from '../domain/agent.ts'
import { type Agent, declareAgent, programChoice, type ProgramChoice } from './agent.ts'
import {
  agentEnvironment,
  type AgentHost,
  type AgentProgram,
  runAgentProgram,
} from './agent-program.ts'
import { RawOutput } from './output.ts'

/** Linux allows at most 128 KiB per variable. Longer prompts are on stdin only. */
const PROMPT_VARIABLE_BYTES_MAX = 96 * 1024

const NAME = 'command'

/** Runs a program that the job names as an agent. */
export const command: Agent = declareAgent({
  name: NAME,
  description: 'any program, given after --',
  choice: programChoice(NAME),
  takes: 'program',
  needsModel: false,
  story: 'output',
  preflight: async () => ({ fit: true, says: 'runs the program that a job names' }),
  driver: async (host) => commandDriver(host),
})

/**
 * Runs any program as an agent. It gets the prompt on stdin and, up to 96 KiB, in MILLWRIGHT_PROMPT.
 * If the worker has a model, MILLWRIGHT_MODEL_URL and MILLWRIGHT_MODEL_TOKEN give access to it. Any
 * exit code counts as `done`; the caller judges it.
 */
export const commandDriver =
  (host: AgentHost) =>
  ({ run }: Pick<ProgramChoice, 'run'>): AgentDriver => ({
    name: NAME,
    sessionFiles: [],
    run: async (task, place, io, signal) => {
      const [stdout, stderr] = [
        new RawOutput('stdout', io.onUpdate),
        new RawOutput('stderr', io.onUpdate),
      ]
      const program: AgentProgram = {
        argv: run,
        env: {
          ...agentEnvironment(place, host),
          ...promptVariable(task),
          ...modelVariables(place),
        },
        stdin: task.prompt,
        install: 'install it on the worker or name another program',
        readOutput: (source) => stdout.read(source),
        readErrors: (source) => stderr.read(source),
      }
      const exitCode = await runAgentProgram(place, program, io, signal)
      return { kind: 'done', summary: stdout.lastWords, session: null, exitCode }
    },
  })

const promptVariable = ({ prompt }: AgentTask): Record<string, string> =>
  Buffer.byteLength(prompt) > PROMPT_VARIABLE_BYTES_MAX || prompt.includes('\0')
    ? {}
    : { MILLWRIGHT_PROMPT: prompt }

const modelVariables = ({ door }: AgentPlace): Record<string, string> =>
  door === null ? {} : { MILLWRIGHT_MODEL_URL: door.baseUrl, MILLWRIGHT_MODEL_TOKEN: door.token }
