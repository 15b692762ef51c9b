import { z } from 'zod'

/** A model endpoint. `baseUrl` is the part before `/v1/…`. */
const Upstream = z.strictObject({
  baseUrl: z.url({ protocol: /^https?$/ }).describe('For example https://api.anthropic.com'),
  apiKey: z.string().max(4096).nullable().describe('null when the endpoint needs none'),
})
export type Upstream = z.infer<typeof Upstream>

/** The settings of the gateway. They reach its process over IPC only, because they contain keys. */
export const GatewaySettings = z.strictObject({
  upstreams: z
    .strictObject({ anthropic: Upstream.optional(), openai: Upstream.optional() })
    .prefault({}),
  replay: z
    .string()
    .nullable()
    .default(null)
    .describe('Answer from this file: a written script (.json) or a recording (.jsonl)'),
  record: z.string().nullable().default(null).describe('Append every answer to this file (.jsonl)'),
})
export type GatewaySettings = z.infer<typeof GatewaySettings>
