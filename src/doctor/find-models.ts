import { z } from 'zod'
import type { Environment } from '../config/read.ts'
import type { Provider } from '../domain/offer.ts'

/** A model that this machine can use. */
export type FoundModel = {
  /** A description for people. */
  readonly about: string
  readonly provider: Provider
  /** The lines that select the model in the configuration file. They never contain a key. */
  readonly settings: readonly string[]
}

/** The default URLs of servers with an OpenAI-compatible API: Ollama, llama.cpp and vLLM. */
const LOCAL = ['http://127.0.0.1:11434', 'http://127.0.0.1:8080', 'http://127.0.0.1:8000']
const TIMEOUT_MS = 1000

/**
 * Finds models by the API keys in the environment and by asking model servers on this machine.
 * @param urls the URLs at which to ask for a server
 */
export async function findModels(
  env: Environment,
  urls: readonly string[] = LOCAL,
): Promise<readonly FoundModel[]> {
  const local = await Promise.all(urls.map(modelOf))
  return [
    ...key(env, 'ANTHROPIC_API_KEY', 'Anthropic', 'anthropic'),
    ...key(env, 'OPENAI_API_KEY', 'OpenAI', 'openai'),
    ...local.flat(),
  ]
}

function key(
  env: Environment,
  name: string,
  vendor: string,
  provider: Provider,
): readonly FoundModel[] {
  if ((env[name] ?? '') === '') return []
  const settings = [
    `# ${vendor}: the worker reads the key from the environment variable ${name} when it starts`,
  ]
  return [{ about: `${vendor}, with the key in ${name}`, provider, settings }]
}

/** Returns the first model that the server at this URL lists; empty if no model server answers. */
async function modelOf(url: string): Promise<readonly FoundModel[]> {
  try {
    const response = await fetch(`${url}/v1/models`, { signal: AbortSignal.timeout(TIMEOUT_MS) })
    const answer: unknown = await response.json()
    const name = firstId(answer)
    if (!response.ok || name === null) return []
    return [
      {
        about: `${name} at ${url}`,
        provider: 'openai',
        settings: [`upstreamOpenai: ${url}`, `model: ${JSON.stringify(`chat/${name}`)}`],
      },
    ]
  } catch {
    // Nothing listens at this URL, or it is not a model server.
    return []
  }
}

function firstId(answer: unknown): string | null {
  const parsed = ModelList.safeParse(answer)
  return parsed.success ? (parsed.data.data[0]?.id ?? null) : null
}

const ModelList = z.object({ data: z.array(z.object({ id: z.string().min(1).max(200) })) })
