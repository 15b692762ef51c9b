import { z } from 'zod'

/** The key of the settings in `_meta` of session/new and session/load. */
export const META = 'millwright.dev/builtin'

/** The folder that holds the sessions, relative to the agent's HOME. */
export const SESSIONS_FOLDER = '.millwright/sessions'

/**
 * The settings of one session. They are sent over the protocol, not in the environment, because
 * every command that the agent runs inherits the environment and would see the door's token.
 */
export const BuiltinSettings = z.strictObject({
  model: z
    .string()
    .max(200)
    .regex(
      /^(?:anthropic|openai|chat)\/\S+$/,
      'must start with "anthropic/", "openai/" or "chat/"',
    ),
  door: z.strictObject({ baseUrl: z.url(), token: z.string().min(1) }),
  steps: z.int().min(1).max(10_000).describe('Maximum number of model calls for one prompt'),
  tokens: z
    .int()
    .min(1)
    .default(20_000_000)
    .describe('Maximum number of input and output tokens for one prompt'),
  test: z.array(z.string()).min(1).nullable().describe('The command that tests the repository'),
})
export type BuiltinSettings = z.infer<typeof BuiltinSettings>

/** Why a turn failed. Sent as the `data` of the protocol's error. */
export const Failure = z.object({
  reason: z.enum(['agent-login', 'model-unavailable', 'model-refused', 'agent-failed']),
})
export type Failure = z.infer<typeof Failure>
