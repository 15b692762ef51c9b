import type { Command } from 'commander'
import { z } from 'zod'
import { CallbackEvent } from '../domain/callback.ts'
import { AppError } from '../domain/errors.ts'
import { Submission } from '../domain/job.ts'
import { Limits } from '../domain/limits.ts'
import { RetryPolicy } from '../domain/retry.ts'
import { kebab } from '../domain/text.ts'
import { collect } from './command.ts'
import { readMoment } from './read-moment.ts'

/** Each limit is a flag of its own: `wallMs` is --wall-ms. */
const LIMITS = Object.entries(Limits.shape)

/** A number that was typed, within the bounds of the job’s own schema. */
const number = (schema: z.ZodDefault<z.ZodInt>) => z.coerce.number().pipe(schema.unwrap())

/** What a job of any kind can be described with on a command line: the same values that the hub takes. */
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
  ...z.object(Object.fromEntries(LIMITS.map(([key, schema]) => [key, number(schema).optional()])))
    .shape,
})
export type SubmissionFlags = z.infer<typeof SubmissionFlags>

/** Adds them to a command. */
export function addSubmissionFlags(command: Command): Command {
  command
    .option('--priority <number>', 'higher goes first')
    .option('--label <label>', 'a worker must offer it; repeatable', collect)
    .option(
      '--lock <key>',
      'outside thing no two jobs may use at once, such as site:shop; repeatable',
      collect,
    )
    .option(
      '--input <path>',
      'a file, or a folder with all below it, that the job brings along; repeatable',
      collect,
    )
    .option('--group <name>', 'names jobs that belong together')
    .option('--id <uuid>', 'the job’s id (default: the hub makes one)')
    .option(
      '--not-before <time>',
      'no worker gets it earlier: 2026-08-01T14:00, +10m, or milliseconds since the epoch',
    )
    .option('--key <text>', 'idempotency key: the same key and request give the same job')
    .option('--callback <address>', 'https address that is told of the job; repeatable', collect)
    .option(
      '--callback-on <event>',
      `of what: ${CallbackEvent.options.join(', ')} (default: ended); repeatable`,
      collect,
    )
    .option(
      '--max-failures <count>',
      `failures after which the job fails; a worker lost while an agent or a generator ran is one (default: ${RetryPolicy.parse({}).maxFailures})`,
    )
  for (const [key, schema] of LIMITS) {
    const meaning = `${schema.description ?? key} (default: ${schema.parse(undefined)})`
    command.option(`--${kebab(key)} <number>`, meaning)
  }
  return command
}

/**
 * A submission made from flags. What was not given stays undefined and is not sent: the hub knows
 * the defaults and checks the values.
 * @param work what the kind made of its own flags
 * @param now milliseconds since the epoch, for times that count from now
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
    notBefore: flags.notBefore === undefined ? undefined : readMoment(flags.notBefore, now),
    limits: Object.fromEntries(limits),
    retry: { maxFailures: flags.maxFailures },
    priority: flags.priority,
    idempotencyKey: flags.key,
    callbacks: callbacksOf(flags),
  }
}

/** Undefined when no flag asks for any, so that older hubs take the job. */
function callbacksOf({ callback, callbackOn }: SubmissionFlags): Submission['callbacks'] {
  if (callback === undefined && callbackOn !== undefined) {
    throw new AppError('usage-invalid', '--callback-on needs --callback')
  }
  return callback?.map((url) => ({ url, events: callbackOn ?? ['ended'] }))
}
