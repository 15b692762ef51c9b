import { readFile } from 'node:fs/promises'
import type { Agent } from '../agents/agent.ts'
import type { AgentHost } from '../agents/agent-program.ts'
import { AGENTS } from '../agents/all.ts'
import { WITHOUT_MODEL } from '../agents/without-model.ts'
import { type Check, type Finding, ok, warning } from './finding.ts'

/** The version of Node, and whether each agent can run. */
export const checkPrograms: Check = async ({ path }) => [
  ok('node', `${process.version} at ${process.execPath}`),
  ...(await Promise.all(AGENTS.map((agent) => agentFinding(agent, { path })))),
]

async function agentFinding(agent: Agent, host: AgentHost): Promise<Finding> {
  const check = `agent ${agent.name}`
  const fitness = await agent.preflight(host)
  if (fitness.fit) return ok(check, fitness.says)
  return warning(
    check,
    `${fitness.says}; jobs that ask for it wait for another worker`,
    fitness.fix,
  )
}

/** Whether agents have a model. Checks that keys are set, but never sends them. */
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
      `is not set: ${WITHOUT_MODEL}`,
      'Set ANTHROPIC_API_KEY or OPENAI_API_KEY, or upstreamOpenai for your own server.',
    ),
  ]
}

/** The operating system’s limits on open files and processes. */
export const checkLimits: Check = async () => {
  const text = await readFile('/proc/self/limits', 'utf8').catch(() => null)
  if (text === null) return []
  return [limit(text, 'open files', FILES), limit(text, 'processes', PROCESSES)]
}

/** One job uses a few hundred of each. */
const FILES = 4096
const PROCESSES = 1024

function limit(text: string, name: string, enough: number): Finding {
  const soft = new RegExp(`^Max ${name}\\s+(\\S+)`, 'm').exec(text)?.[1] ?? 'unknown'
  if (soft === 'unlimited' || Number(soft) >= enough) return ok(`limit of ${name}`, soft)
  const fix = `Raise it to ${enough} or more, with ulimit or with LimitNOFILE and LimitNPROC of the service.`
  return warning(`limit of ${name}`, soft, fix)
}
