// What a client of the suite orders, how it words that for the hub, and what must come of it.
import { createHash } from 'node:crypto'
import type { z } from 'zod'
import { CallbackEvent } from '../../src/domain/callback.ts'
import type { Job, Submission } from '../../src/domain/job.ts'
import type { ReasonCode } from '../../src/domain/reasons.ts'
import type { Asked, Digests } from './evidence.ts'

/** The check of a job that asks for no other. */
export const IS_WHOLE = 'grep -q whole work'
/** The name of the one file that a job brings along. */
const INPUT = 'data'

/** Where a job goes and what its program does. */
export type Order = {
  readonly title: string
  /** null: the built-in agent asks the models instead. */
  readonly script: string | null
  /** What is run to see whether the work is whole. */
  readonly check?: string
  readonly locks?: readonly string[]
  readonly ends?: readonly Job['state'][]
  readonly meets?: ReasonCode
  /** Text that the published work contains. */
  readonly holds?: string
  readonly input?: Buffer
  /** The files that its program makes; the job is then one of a generator, and publishes nothing. */
  readonly outputs?: Digests
  /** How long its hold lasts from its submission on, in milliseconds. */
  readonly holdMs?: number
  readonly maxFailures?: number
}

/** Where the work goes, and where its callbacks go. */
type Addresses = { readonly repository: string; readonly sink: string }

export function submissionOf(
  order: Order,
  { repository, sink }: Addresses,
  asked: Asked,
): z.input<typeof Submission> {
  const { title, outputs, locks = [], maxFailures = 50 } = order
  const [hold] = asked.hold
  return {
    kind: outputs === undefined ? 'code' : 'generate',
    payload: outputs === undefined ? codePayload(order, repository) : generatePayload(order),
    locks: [...locks],
    inputs: Object.entries(asked.inputs).map(([name, digest]) => ({ name, digest })),
    ...(hold === undefined ? {} : { holdUntil: hold.until }),
    callbacks: [{ url: sink, events: CallbackEvent.options }],
    idempotencyKey: title,
    retry: { maxFailures, delayMs: 100, factor: 1 },
  }
}

const codePayload = ({ title, script, check = IS_WHOLE }: Order, repository: string) => ({
  repository,
  prompt: title,
  agent: script === null ? { name: 'builtin' } : { name: 'command', run: sh(script) },
  checks: [{ name: 'whole', run: sh(check) }],
  publish: { mode: 'branch', branch: title },
})

const generatePayload = ({ title, script, check }: Order) => ({
  title,
  generator: { name: 'command', run: sh(script ?? '') },
  checks: check === undefined ? [] : [{ name: 'whole', run: sh(check) }],
})

const sh = (script: string): readonly string[] => ['sh', '-c', script]

/** What is known of an order before anybody has answered. */
export function askedOf(order: Order, now: number): Asked {
  const { title, ends = ['succeeded'], meets = null, holds = 'whole' } = order
  const { input, outputs = {}, holdMs } = order
  return {
    title,
    acknowledged: null,
    ends,
    meets,
    holds,
    inputs: input === undefined ? {} : { [INPUT]: sha256(input) },
    outputs,
    hold: holdMs === undefined ? [] : [{ until: now + holdMs, askedAt: now }],
  }
}

/** In lower-case hex. */
export const sha256 = (bytes: Uint8Array | string): string =>
  createHash('sha256').update(bytes).digest('hex')
