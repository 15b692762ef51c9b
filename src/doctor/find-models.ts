import { z } from 'zod'
import type { Environment } from '../config/read.ts'

/** A model that this machine can use. */
export type FoundModel = {
  /** The text shown to people. */
  readonly about: string
  /** The lines of the configuration file that select it; they never contain a key. */
  readonly settings: readonly string[]
}

/** Default addresses of servers with an OpenAI-compatible API: Ollama, llama.cpp, vLLM. */
const LOCAL = ['http://127.0.0.1:11434', 'http://127.0.0.1:8080', 'http://127.0.0.1:8000']
const ASK_MS = 1000

/**
 * Looks for keys in the environment and for model servers on this machine.
 * @param addresses where a server may listen
 */
export async function findModels(
  env: Environment,
  addresses: readonly string[] = LOCAL,
): Promise<readonly FoundModel[]> {
  const local = await Promise.all(addresses.map(modelOf))
  return [
    ...key(env, 'ANTHROPIC_API_KEY', 'Anthropic'),
    ...key(env, 'OPENAI_API_KEY', 'OpenAI'),
    ...local.flat(),
  ]
}

function key(env: Environment, name: string, vendor: string): readonly FoundModel[] {
  if ((env[name] ?? '') === '') return []
  const settings = [
    `# ${vendor}: the key comes from ${name}, which the worker needs when it starts`,
  ]
  return [{ about: `${vendor}, with the key in ${name}`, settings }]
}

/** The first model that a server offers. */
async function modelOf(url: string): Promise<readonly FoundModel[]> {
  try {
    const response = await fetch(`${url}/v1/models`, { signal: AbortSignal.timeout(ASK_MS) })
    const answer: unknown = await response.json()
    const name = firstId(answer)
    if (!response.ok || name === null) return []
    return [
      {
        about: `${name} at ${url}`,
        settings: [`upstreamOpenai: ${url}`, `model: ${JSON.stringify(`chat/${name}`)}`],
      },
    ]
  } catch {
    // No server, or not a model server.
    return []
  }
}

function firstId(answer: unknown): string | null {
  const parsed = ModelList.safeParse(answer)
  return parsed.success ? (parsed.data.data[0]?.id ?? null) : null
}

const ModelList = z.object({ data: z.array(z.object({ id: z.string().min(1).max(200) })) })
