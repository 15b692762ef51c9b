// Drives OpenAI's Codex (verified with 0.169.0) through `codex exec --json`. All settings are
// passed on the command line, because a settings file would be in the agent's HOME, where an
// earlier turn may have replaced it with a symbolic link.
import type { AgentDriver, AgentEnd, AgentPlace, AgentTask, ModelDoor } from '../domain/agent.ts'
import type { ReasonCode } from '../domain/reasons.ts'
import { StepFailed } from '../domain/stop.ts'
import { locateProgram } from '../platform/locate-program.ts'
import { versionOf } from '../platform/version-of.ts'
import { type Agent, declareAgent, type Fitness, modelChoice, type ModelChoice } from './agent.ts'
import {
  agentEnvironment,
  type AgentHost,
  type AgentProgram,
  runAgentProgram,
} from './agent-program.ts'
import { type CodexLine, readCodexLine } from './codex-updates.ts'
import { linesOf } from './lines.ts'
import { RawOutput } from './output.ts'

const NAME = 'codex'
const PROGRAM = 'codex'
const LINE_BYTES_MAX = 2 ** 20
const TOKEN_VARIABLE = 'MILLWRIGHT_MODEL_TOKEN'
const INSTALL = 'install it with: npm install -g @openai/codex@0.169.0'

/** OpenAI's Codex, installed on the worker. */
export const codex: Agent = declareAgent({
  name: NAME,
  description: 'OpenAI Codex',
  choice: modelChoice(NAME),
  takes: 'model',
  serverOf: () => 'openai',
  needsModel: 'openai',
  getIt: INSTALL,
  story: 'transcript',
  preflight: ({ path }) => findCodex(path),
  driver: async (host) => codexDriver(host),
})

async function findCodex(path: string): Promise<Fitness> {
  const version = await versionOf(PROGRAM, path)
  if (version !== null) return { fit: true, says: version }
  const isInstalled = locateProgram(PROGRAM, path) !== null
  const says = isInstalled ? 'fails when it is run with --version' : 'is not on the PATH'
  return { fit: false, says, fix: `To use it, ${INSTALL}` }
}

type Model = Pick<ModelChoice, 'model'>

/** Drives Codex. Its session files are enough to continue a session on another machine. */
export const codexDriver =
  (host: AgentHost) =>
  ({ model }: Model): AgentDriver => ({
    name: NAME,
    sessionFiles: ['.codex/sessions'],
    run: async (task, place, io, signal) => {
      // If both the program and the model are missing, report the program, because the model is of
      // no use without it.
      if (locateProgram(PROGRAM, host.path) === null) {
        throw new StepFailed(
          'agent-not-installed',
          `codex is not on the PATH ${host.path}; ${INSTALL}`,
        )
      }
      const { door } = place
      if (door === null) return noDoor(task)
      const stderr = new RawOutput('stderr', io.onUpdate)
      let session = task.session
      let summary = ''
      let end: CodexLine['end']
      const receive = (line: string) => {
        const parsed = readCodexLine(line)
        end = parsed.end ?? end
        for (const update of parsed.updates) {
          if (update.type === 'session') session = update.session
          if (update.type === 'message') summary = update.text
          // In a resumed session, Codex reports the total usage of all turns. Skip the update.
          if (update.type === 'usage' && task.session !== null) continue
          io.onUpdate(update)
        }
      }
      const program: AgentProgram = {
        argv: [PROGRAM, ...codexArguments({ session, model, tree: place.tree }, door)],
        env: { ...agentEnvironment(place, host), ...variables(place, door) },
        stdin: task.prompt,
        install: INSTALL,
        readOutput: async (stdout) => {
          for await (const { text, cut } of linesOf(stdout, LINE_BYTES_MAX)) {
            if (cut)
              io.onUpdate({
                type: 'warning',
                text: 'codex printed a line over 1 MiB, which was truncated',
              })
            receive(text)
          }
        },
        readErrors: (source) => stderr.read(source),
      }
      const exitCode = await runAgentProgram(place, program, io, signal)
      if (end?.failed === false) return { kind: 'done', summary, session, exitCode }
      return failure(end?.message ?? lastWords(stderr, exitCode), session)
    },
  })

const noDoor = ({ session }: AgentTask): AgentEnd => ({
  kind: 'failed',
  reason: 'agent-login',
  detail:
    'codex needs an OpenAI model: start the worker with OPENAI_API_KEY, --upstream-openai URL or --replay FILE',
  session,
})

/** The options belong to `exec`, so they come before the subcommand `resume`. */
function codexArguments(
  { session, model, tree }: Pick<AgentTask, 'session'> & Pick<AgentPlace, 'tree'> & Model,
  door: ModelDoor,
): readonly string[] {
  const features = ['plugins', 'apps', 'remote_plugin', 'unbounded_connection_retries']
  return [
    'exec',
    '--json',
    '--skip-git-repo-check',
    ['--cd', tree],
    // This turns off Codex's own sandbox, which would fail inside ours. Our sandbox already
    // confines Codex.
    ['--sandbox', 'danger-full-access'],
    model === undefined ? [] : ['--model', model],
    features.map((feature) => ['--disable', feature]).flat(),
    settings(door)
      .map((setting) => ['--config', setting])
      .flat(),
    session === null ? [] : ['resume', session],
    '-',
  ].flat()
}

/** Settings in TOML. `JSON.stringify` quotes the URL: a JSON string is also a valid TOML string. */
const settings = ({ baseUrl }: ModelDoor): readonly string[] => [
  'analytics.enabled=false',
  'feedback.enabled=false',
  'check_for_update_on_startup=false',
  'web_search="disabled"',
  'model_provider="millwright"',
  'model_providers.millwright.name="Millwright"',
  `model_providers.millwright.base_url=${JSON.stringify(`${baseUrl}/openai/v1`)}`,
  'model_providers.millwright.wire_api="responses"',
  `model_providers.millwright.env_key="${TOKEN_VARIABLE}"`,
  'model_providers.millwright.requires_openai_auth=false',
  // Allow one retry instead of Codex's default of 30, because Millwright retries the whole job.
  'model_providers.millwright.request_max_retries=1',
  'model_providers.millwright.stream_max_retries=1',
]

/**
 * Codex keeps helper programs in HOME and refuses to run them if HOME is inside TMPDIR, so this
 * function chooses a TMPDIR that does not contain HOME.
 */
const variables = ({ home }: AgentPlace, { token }: ModelDoor): Record<string, string> => ({
  [TOKEN_VARIABLE]: token,
  TMPDIR: home.startsWith('/var/tmp/') ? '/tmp' : '/var/tmp',
})

const lastWords = (stderr: RawOutput, exitCode: number): string =>
  stderr.lastWords === '' ? `exited with code ${exitCode}` : stderr.lastWords

const failure = (detail: string, session: string | null): AgentEnd => ({
  kind: 'failed',
  reason: ERROR_PATTERNS.find(([pattern]) => pattern.test(detail))?.[1] ?? 'agent-failed',
  detail: `codex: ${detail}`,
  session,
})

/**
 * Codex reports errors of its model server as text, without codes. The first pattern that matches
 * the text gives the reason.
 */
const ERROR_PATTERNS: readonly (readonly [RegExp, ReasonCode])[] = [
  [/status:? 40[13]\b|Missing environment variable|Not logged in/i, 'agent-login'],
  [/status:? (?:408|429|5\d\d)\b|high demand|quota exceeded/i, 'model-unavailable'],
  [/status:? 4\d\d\b/i, 'model-refused'],
  [/stream disconnected|connection failed|error sending request/i, 'model-unavailable'],
]
