import { findPackageJSON } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { AgentPlace } from '../domain/agent.ts'
import type { Provider } from '../domain/offer.ts'
import { entryProgram, isFromSource } from '../platform/entry-program.ts'
import type { AcpAgent, Prepared } from './acp.ts'
import {
  type Agent,
  type AgentChoice,
  type AgentOptions,
  declareAgent,
  type DriverFactory,
  modelChoice,
  type ModelChoice,
} from './agent.ts'
import { agentEnvironment, type AgentHost, type DriverHost } from './agent-program.ts'
import { BuiltinSettings, META, SESSIONS_FOLDER } from './builtin/settings.ts'

const NAME = 'builtin'

/** The agent that is part of Millwright. */
export const builtin: Agent = declareAgent({
  name: NAME,
  description: 'a small agent included in Millwright',
  choice: modelChoice(NAME),
  takes: 'model',
  serverOf,
  needsModel: 'any',
  getIt: null,
  story: 'transcript',
  preflight: async () => ({ fit: true, says: 'is part of Millwright' }),
  driver: builtinDriver,
})

/** Models without the prefix `anthropic/` are called through OpenAI's protocols. */
function serverOf(choice: AgentChoice): Provider | 'default' {
  const model = 'model' in choice ? choice.model : undefined
  if (model === undefined) return 'default'
  return model.startsWith('anthropic/') ? 'anthropic' : 'openai'
}

/** Drives the built-in agent. It needs a model, but no other program has to be installed. */
export async function builtinDriver({
  node,
  ...host
}: DriverHost): Promise<DriverFactory<Pick<ModelChoice, 'model'>>> {
  const entry = fileURLToPath(entryProgram('agents/builtin/main'))
  return (choice, options) => {
    const agent: AcpAgent = {
      name: NAME,
      argv: [node, entry],
      readable: [dirname(node), ...programFolders()],
      install: 'this agent is part of Millwright, so reinstall Millwright',
      sessionFiles: [SESSIONS_FOLDER],
      prepare: (place) => prepare(place, host, { ...options, model: choice.model ?? host.model }),
    }
    return {
      name: NAME,
      sessionFiles: agent.sessionFiles,
      run: async (task, place, io, signal) => {
        // Loaded on first use: the protocol library is large, and an idle worker does not need it.
        const { acpDriver } = await import('./acp.ts')
        return acpDriver(agent).run(task, place, io, signal)
      },
    }
  }
}

function prepare(
  place: AgentPlace,
  host: AgentHost,
  options: AgentOptions & { readonly model: string },
): Prepared {
  const { door } = place
  if (door === null) {
    return {
      kind: 'failed',
      reason: 'agent-login',
      detail:
        'the built-in agent needs a model: start the worker with ANTHROPIC_API_KEY or OPENAI_API_KEY, with --upstream-anthropic URL or --upstream-openai URL, or with --replay FILE',
    }
  }
  const settings = BuiltinSettings.safeParse({ ...options, door })
  if (!settings.success) {
    const why = settings.error.issues[0]?.message ?? 'is not valid'
    return {
      kind: 'failed',
      reason: 'agent-failed',
      detail: `the model name "${options.model}" ${why}`,
    }
  }
  return { env: agentEnvironment(place, host), meta: { [META]: settings.data } }
}

/**
 * The folders from which the agent's program is loaded: this package and, if run from source, also
 * `node_modules`. A built package bundles its dependencies.
 */
function programFolders(): readonly string[] {
  const own = findPackageJSON(import.meta.url)
  const manifests = isFromSource ? [own, findPackageJSON('ai', import.meta.url)] : [own]
  return manifests.flatMap((manifest) => {
    if (manifest === undefined) return []
    const modules = /^(.*[/\\]node_modules)[/\\]ai[/\\]/.exec(manifest)?.[1]
    return [modules ?? dirname(manifest)]
  })
}
