import { readFile } from 'node:fs/promises'
import { locateProgram } from '../../platform/locate-program.ts'
import { runProgram } from '../../platform/run-program.ts'
import { type Check, type Finding, ok, type Patient, warning } from './finding.ts'

const VERSION_MS_MAX = 15_000

/** Node, and the agents that are programs of their own. */
export const checkPrograms: Check = async (patient) => [
  ok('node', `${process.version} at ${process.execPath}`),
  await codex(patient),
]

async function codex(patient: Patient): Promise<Finding> {
  const version = await versionOf('codex', patient.path)
  if (version !== null) return ok('agent codex', version)
  const mend = 'To use it: npm install -g @openai/codex'
  return warning('agent codex', 'is not on the PATH; jobs that ask for it will fail', mend)
}

/** Whether agents have a way to a model. Keys are looked for, never sent. */
export const checkModel: Check = async ({ config }) => {
  const known = [
    config.replay === undefined ? null : `replayed from ${config.replay}`,
    config.upstreamAnthropic ??
      (config.anthropicKey === undefined ? null : 'Anthropic, with a key'),
    config.upstreamOpenai ?? (config.openaiKey === undefined ? null : 'OpenAI, with a key'),
  ].filter((model) => model !== null)
  if (known.length > 0) return [ok('model', known.join(', '))]
  return [
    warning(
      'model',
      'is not set: only the agent `command` can work',
      'Set ANTHROPIC_API_KEY or OPENAI_API_KEY, or upstreamOpenai for a server of your own.',
    ),
  ]
}

/** Its first line, or null when the program is not there. */
export async function versionOf(name: string, path: string): Promise<string | null> {
  const program = locateProgram(name, path)
  if (program === null) return null
  const { code, stdout } = await runProgram({
    argv: [program, '--version'],
    cwd: '/',
    env: { PATH: path, HOME: '/nonexistent' },
    timeoutMs: VERSION_MS_MAX,
    stdoutBytesMax: 64 * 1024,
  })
  return code === 0 ? (stdout.toString('utf8').split('\n')[0] ?? '') : null
}

/** What the operating system lets a worker have at once. */
export const checkLimits: Check = async () => {
  const text = await readFile('/proc/self/limits', 'utf8').catch(() => null)
  if (text === null) return []
  return [limit(text, 'open files', FILES), limit(text, 'processes', PROCESSES)]
}

/** One job takes some hundred of each. */
const FILES = 4096
const PROCESSES = 1024

function limit(text: string, name: string, enough: number): Finding {
  const soft = new RegExp(`^Max ${name}\\s+(\\S+)`, 'm').exec(text)?.[1] ?? 'unknown'
  if (soft === 'unlimited' || Number(soft) >= enough) return ok(`limit of ${name}`, soft)
  const mend = `Raise it to ${enough} or more: ulimit, or LimitNOFILE and LimitNPROC of the service.`
  return warning(`limit of ${name}`, soft, mend)
}
