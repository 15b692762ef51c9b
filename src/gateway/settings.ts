import { z } from 'zod'

/** A model server. `baseUrl` is the part of its URLs before `/v1/…`. */
const Upstream = z.strictObject({
  baseUrl: z.url({ protocol: /^https?$/ }).describe('For example https://api.anthropic.com'),
  apiKey: z.string().max(4096).nullable().describe('null if the endpoint needs no key'),
})
export type Upstream = z.infer<typeof Upstream>

/**
 * The settings of the gateway. They contain the model keys, so they are passed to the gateway
 * process only over IPC.
 */
export const GatewaySettings = z.strictObject({
  upstreams: z
    .strictObject({ anthropic: Upstream.optional(), openai: Upstream.optional() })
    .prefault({}),
  proxy: z
    .record(z.string(), z.string())
    .default({})
    .describe('Variables that name the network proxy, such as HTTPS_PROXY'),
  replay: z
    .string()
    .nullable()
    .default(null)
    .describe('Answer from this file instead of a model: a recording (.jsonl) or a script (.json)'),
  hosts: z
    .string()
    .nullable()
    .default(null)
    .describe(
      'Folder in which the gateway records the model hosts that have responded; null to record none',
    ),
  record: z
    .string()
    .nullable()
    .default(null)
    .describe('Append every response to this file (.jsonl)'),
})
export type GatewaySettings = z.infer<typeof GatewaySettings>
