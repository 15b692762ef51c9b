import { readFile } from 'node:fs/promises'
import type { Agent } from '../agents/agent.ts'
import type { AgentHost } from '../agents/agent-program.ts'
import { AGENTS } from '../agents/all.ts'
import { WITHOUT_MODEL } from '../agents/without-model.ts'
import { type Check, type Finding, type Machine, ok, warning } from './finding.ts'
import { offeredAgents } from './offered-agents.ts'

/** Reports the version of Node, and checks whether each agent can run. */
export const checkPrograms: Check = async ({ path, workers }) => [
  ok('node', `${process.version} at ${process.execPath}`),
  ...(await Promise.all(AGENTS.map((agent) => agentFinding(agent, { path }, workers)))),
]

async function agentFinding(
  agent: Agent,
  host: AgentHost,
  workers: Machine['workers'],
): Promise<Finding> {
  const check = `agent ${agent.name}`
  const fitness = await agent.preflight(host)
  if (fitness.fit) return ok(check, fitness.says)
  const having = workers.find((worker) => offeredAgents(worker).includes(agent.name))
  if (having !== undefined) {
    return ok(
      check,
      `${fitness.says} in this shell, but the running worker ${having.name} offers this agent`,
    )
  }
  return warning(
    check,
    `${fitness.says}; jobs that ask for this agent wait for another worker`,
    fitness.fix,
  )
}

/** Checks whether agents have a model. It checks that a key is set but does not test the key. */
export const checkModel: Check = async ({ config, workers }) => {
  const known = [
    config.replay === undefined ? null : `replayed from ${config.replay}`,
    config.upstreamAnthropic ??
      (config.anthropicKey === undefined ? null : 'Anthropic, with a key'),
    config.upstreamOpenai ?? (config.openaiKey === undefined ? null : 'OpenAI, with a key'),
  ].filter((model) => model !== null)
  if (known.length > 0) return [ok('model', known.join(', '))]
  const [worker] = workers
  if (worker !== undefined) {
    const agents = offeredAgents(worker).join(', ')
    return [
      ok(
        'model',
        `is not set in this shell; the running worker ${worker.name} offers the agents ${agents}`,
      ),
    ]
  }
  return [
    warning(
      'model',
      `is not set: ${WITHOUT_MODEL}`,
      'Set ANTHROPIC_API_KEY or OPENAI_API_KEY, or the setting "upstreamOpenai" for your own model server.',
    ),
  ]
}

/** Checks the operating system’s limits on open files and processes. */
export const checkLimits: Check = async () => {
  const text = await readFile('/proc/self/limits', 'utf8').catch(() => null)
  if (text === null) return []
  return [limit(text, 'open files', FILES), limit(text, 'processes', PROCESSES)]
}

/** Limits below these values cause a warning. One job uses a few hundred files and processes. */
const FILES = 4096
const PROCESSES = 1024

function limit(text: string, name: string, enough: number): Finding {
  const soft = new RegExp(`^Max ${name}\\s+(\\S+)`, 'm').exec(text)?.[1] ?? 'unknown'
  if (soft === 'unlimited' || Number(soft) >= enough) return ok(`limit of ${name}`, soft)
  const fix = `Raise the limit to at least ${enough}, with ulimit or with LimitNOFILE and LimitNPROC in the systemd unit.`
  return warning(`limit of ${name}`, soft, fix)
}
