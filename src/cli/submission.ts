import type { Command } from 'commander'
import { z } from 'zod'
import { CallbackEvent } from '../domain/callback.ts'
import { AppError } from '../domain/errors.ts'
import { Submission } from '../domain/job.ts'
import { Limits } from '../domain/limits.ts'
import { RetryPolicy } from '../domain/retry.ts'
import { durationText, sizeText, typedDuration, typedSize } from '../domain/read-quantity.ts'
import { kebab } from '../domain/text.ts'
import { collect } from './command.ts'
import { readTime } from './read-time.ts'

/**
 * The name and schema of each limit. Each limit has its own flag; for example, --wall-ms sets
 * `wallMs`.
 */
const LIMITS = Object.entries(Limits.shape)

type LimitSchema = z.ZodDefault<z.ZodInt> | z.ZodOptional<z.ZodInt>

/**
 * Returns a schema that parses a number from the command line and checks it against the bounds in
 * the job's schema.
 */
const number = (schema: LimitSchema) => z.coerce.number().pipe(schema.unwrap())

/** The unit of a limit, derived from the suffix of its name, such as `Ms`. */
const unitOf = (key: string): 'time' | 'size' | 'count' =>
  key.endsWith('Ms') ? 'time' : key.endsWith('Bytes') ? 'size' : 'count'

/** The schema of a limit on the command line, where a time may be `10m` and a size `2GB`. */
function limit(key: string, schema: LimitSchema) {
  const unit = unitOf(key)
  if (unit === 'count') return number(schema)
  return unit === 'time' ? typedDuration(schema.unwrap()) : typedSize(schema.unwrap())
}

/** The flags that `submit` accepts for every kind of job. Their bounds are those of the hub. */
export const SubmissionFlags = z.object({
  priority: number(Submission.shape.priority).optional(),
  label: Submission.shape.labels,
  lock: Submission.shape.locks,
  group: Submission.shape.group,
  id: Submission.shape.id,
  notBefore: z.string().optional(),
  input: z.array(z.string().min(1)).default([]),
  key: Submission.shape.idempotencyKey,
  callback: z.array(z.string()).optional(),
  callbackOn: z.array(CallbackEvent).optional(),
  maxFailures: number(RetryPolicy.shape.maxFailures).optional(),
  ...z.object(
    Object.fromEntries(LIMITS.map(([key, schema]) => [key, limit(key, schema).optional()])),
  ).shape,
})
export type SubmissionFlags = z.infer<typeof SubmissionFlags>

const ACCEPTED = { time: ', or as 10m, 1h30m', size: ', or as 2GB, 64MiB', count: '' } as const
const WRITTEN = { time: durationText, size: sizeText, count: String } as const

export function addSubmissionFlags(command: Command): Command {
  command
    .option('--priority <number>', 'jobs with a higher number run first')
    .option(
      '--label <label>',
      'label that the worker must have; os:… and sandbox:… select its system and sandbox; repeatable',
      collect,
    )
    .option(
      '--lock <key>',
      'resource that only one job may use at a time, such as site:shop; repeatable',
      collect,
    )
    .option('--input <path>', 'input file, or folder of input files; repeatable', collect)
    .option('--group <name>', 'name shared by jobs that belong together')
    .option('--id <uuid>', 'id of the job (default: the hub creates one)')
    .option(
      '--not-before <time>',
      'earliest time to start the job, such as 2026-08-01T14:00 or +10m',
    )
    .option('--key <text>', 'idempotency key: repeating the request returns the same job')
    .option('--callback <url>', 'https URL to send messages to; repeatable', collect)
    .option(
      '--callback-on <event>',
      `event for which a message is sent: ${CallbackEvent.options.join(', ')} (default: ended); repeatable`,
      collect,
    )
    .option(
      '--max-failures <count>',
      `number of failed attempts after which the job fails; an attempt whose worker is lost while the agent or generator runs counts as failed (default: ${RetryPolicy.parse({}).maxFailures})`,
    )
  for (const [key, schema] of LIMITS) {
    const unit = unitOf(key)
    const fallback = schema.parse(undefined)
    const shown = fallback === undefined ? '' : ` (default: ${WRITTEN[unit](fallback)})`
    const meaning = `${schema.description ?? key}${ACCEPTED[unit]}${shown}`
    command.option(`--${kebab(key)} <${unit}>`, meaning)
  }
  return command
}

/**
 * Builds a submission from flags. A flag that was not given stays undefined and is not sent, so
 * that the hub's default applies.
 * @param work kind and payload, made from the kind's own flags
 * @param now milliseconds since the epoch, for relative times such as +10m
 */
export function submissionOf(
  flags: SubmissionFlags,
  work: { readonly kind: string; readonly payload: unknown },
  now: number,
): z.input<typeof Submission> {
  const limits = LIMITS.map(([key]) => [
    key,
    Object.entries(flags).find(([name]) => name === key)?.[1],
  ])
  return {
    ...work,
    labels: flags.label,
    locks: flags.lock,
    group: flags.group,
    id: flags.id,
    notBefore: flags.notBefore === undefined ? undefined : readTime(flags.notBefore, now),
    limits: Object.fromEntries(limits),
    retry: { maxFailures: flags.maxFailures },
    priority: flags.priority,
    idempotencyKey: flags.key,
    callbacks: callbacksOf(flags),
  }
}

/**
 * Returns undefined if no callback flag is given, because older hubs refuse jobs with callbacks.
 */
function callbacksOf({ callback, callbackOn }: SubmissionFlags): Submission['callbacks'] {
  if (callback === undefined && callbackOn !== undefined) {
    throw new AppError('usage-invalid', '--callback-on requires --callback')
  }
  return callback?.map((url) => ({ url, events: callbackOn ?? ['ended'] }))
}
