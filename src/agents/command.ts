import type { AgentDriver, AgentPlace, AgentTask } from '../domain/agent.ts'
import { type Agent, declareAgent, programChoice, type ProgramChoice } from './agent.ts'
import {
  agentEnvironment,
  type AgentHost,
  type AgentProgram,
  runAgentProgram,
} from './agent-program.ts'
import { RawOutput } from './output.ts'

/**
 * Linux limits each environment variable to 128 KiB. A prompt over 96 KiB is passed only on stdin.
 */
const PROMPT_VARIABLE_BYTES_MAX = 96 * 1024

const NAME = 'command'

/** An agent that runs the program named in the job. */
export const command: Agent = declareAgent({
  name: NAME,
  description: 'any program, given after --',
  choice: programChoice(NAME),
  takes: 'program',
  serverOf: () => null,
  needsModel: null,
  getIt: null,
  story: 'output',
  preflight: async () => ({ fit: true, says: 'runs the program named in the job' }),
  driver: async (host) => commandDriver(host),
})

/**
 * Runs any program as an agent. The program gets the prompt on stdin. It also gets the prompt in
 * MILLWRIGHT_PROMPT, unless the prompt is over 96 KiB or contains a NUL character. If the worker
 * has a model, MILLWRIGHT_MODEL_URL and MILLWRIGHT_MODEL_TOKEN give access to it. Any exit code
 * counts as `done`; the caller decides what the code means.
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
