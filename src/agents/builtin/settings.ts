import { z } from 'zod'

/** Where the settings stand in the `_meta` of session/new and session/load. */
export const META = 'millwright.dev/builtin'

/** Where sessions are kept, relative to the agent's HOME. */
export const SESSIONS_FOLDER = '.millwright/sessions'

/**
 * What the built-in agent is told with each session. It travels in the protocol, not in the
 * environment, which every command the agent runs would inherit together with the door's key.
 */
export const BuiltinSettings = z.strictObject({
  model: z
    .string()
    .max(200)
    .regex(/^(?:anthropic|openai|chat)\/\S+$/, 'must be anthropic/…, openai/… or chat/…'),
  door: z.strictObject({ baseUrl: z.url(), token: z.string().min(1) }),
  steps: z.int().min(1).max(10_000).describe('Model calls for one prompt'),
  tokens: z.int().min(1).default(20_000_000).describe('Input and output tokens for one prompt'),
  test: z.array(z.string()).min(1).nullable().describe('How the repository is tested'),
})
export type BuiltinSettings = z.infer<typeof BuiltinSettings>

/** Why a turn failed, beside the words: `data` of the protocol's error. */
export const Failure = z.object({
  reason: z.enum(['agent-login', 'model-unavailable', 'agent-failed']),
})
export type Failure = z.infer<typeof Failure>
