import { z } from 'zod'
import { Usage } from '../domain/outcome.ts'
import { Provider, Refusal } from './refusal.ts'
import { GatewaySettings } from './settings.ts'

const token = z.string().min(1)

/** A call from the worker to its gateway process, over IPC. */
export const IpcCall = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('start'),
    settings: GatewaySettings,
    port: z.int().describe('0 for any free port'),
  }),
  z.strictObject({
    type: z.literal('open'),
    token,
    ordinal: z.int().min(0),
    usage: Usage.describe(
      'Usage so far; not zero if an earlier gateway process opened the door and then died',
    ),
  }),
  z.strictObject({ type: z.literal('usage'), token }),
  z.strictObject({ type: z.literal('close'), token }),
  z.strictObject({ type: z.literal('stop') }),
])
export type IpcCall = z.infer<typeof IpcCall>

export const NumberedCall = z.strictObject({ id: z.int(), call: IpcCall })

/** A message from the gateway process to the worker. */
export const IpcReply = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('listening'), id: z.int(), port: z.int() }),
  z.strictObject({
    type: z.literal('used'),
    id: z.int(),
    usage: Usage.nullable(),
    refusal: Refusal.nullable(),
    answered: z.array(Provider),
  }),
  z.strictObject({ type: z.literal('done'), id: z.int() }),
  z.strictObject({
    type: z.literal('refused'),
    id: z.int(),
    code: z.string(),
    message: z.string(),
  }),
  /** Sent after each counted model response. It does not reply to a call, so it has no id. */
  z.strictObject({ type: z.literal('metered'), token, usage: Usage }),
])
export type IpcReply = z.infer<typeof IpcReply>
