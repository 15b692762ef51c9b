import { stat } from 'node:fs/promises'
import { isAbsolute, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { z } from 'zod'
import { CallbackEvent } from '../domain/callback.ts'
import { AppError } from '../domain/errors.ts'
import { Submission } from '../domain/job.ts'
import { Limits } from '../domain/limits.ts'
import { RetryPolicy } from '../domain/retry.ts'
import { line } from '../domain/text.ts'
import { CodePayload, RefName } from '../kinds/code/payload.ts'
import { CheckoutOptions } from '../workspace/checkout-options.ts'
import { collect } from './command.ts'

const AGENTS = ['command', 'codex', 'builtin'] as const

/** Each limit is a flag of its own: `wallMs` is --wall-ms. */
const LIMITS = Object.entries(Limits.shape)

/** A number that was typed, within the bounds of the job’s own schema. */
const number = (schema: z.ZodDefault<z.ZodInt>) => z.coerce.number().pipe(schema.unwrap())

/** What a job can be described with on a command line: the same values that the hub takes. */
export const SubmissionFlags = z.object({
  repo: z.string().min(1).optional(),
  ref: RefName.optional(),
  depth: z.coerce.number().pipe(CheckoutOptions.shape.depth.unwrap().unwrap()).optional(),
  sparse: CheckoutOptions.shape.sparse.unwrap().optional(),
  submodules: z.enum(['none', 'all']).optional(),
  lfs: z.boolean().optional(),
  agent: z.enum(AGENTS).default('builtin'),
  model: line(200).optional(),
  test: z.string().optional(),
  check: z.array(z.string()).default([]),
  iterations: z.coerce.number().pipe(CodePayload.shape.iterations.unwrap()).optional(),
  publish: z.enum(['none', 'branch']).optional(),
  branch: RefName.optional(),
  trailers: z.boolean().default(true),
  priority: number(Submission.shape.priority).optional(),
  label: Submission.shape.labels,
  lock: Submission.shape.locks,
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
    .option('--repo <address>', 'repository: https, ssh or file address, or a folder')
    .option('--ref <name>', 'branch, tag or commit to start from (default: the remote’s HEAD)')
    .option('--depth <commits>', 'how much history to fetch (default: all)')
    .option('--sparse <folder>', 'check out this folder only; repeatable', collect)
    .addOption(
      new Option('--submodules <which>', 'check submodules out, as files').choices(['none', 'all']),
    )
    .option('--lfs', 'fetch the files that Git LFS keeps, not their pointers')
    .addOption(new Option('--agent <name>', 'who does the work').choices(AGENTS).default('builtin'))
    .option('--model <name>', 'the model it uses, such as anthropic/claude-sonnet-4-5')
    .option('--test <line>', 'how the repository is tested; a line for sh')
    .option('--check <name=line>', 'must pass before anything is published; repeatable', collect)
    .option('--iterations <count>', 'turns of the agent until the checks pass (default: 3)')
    .addOption(
      new Option(
        '--publish <mode>',
        'keep a patch (none, the default), or push a branch (the default with --branch)',
      ).choices(['none', 'branch']),
    )
    .option(
      '--branch <name>',
      'the branch to push, also main: straight to the remote (default: millwright/<short id>)',
    )
    .option('--no-trailers', 'do not name the job in the commit')
    .option('--priority <number>', 'higher goes first')
    .option('--label <label>', 'a worker must offer it; repeatable', collect)
    .option(
      '--lock <key>',
      'outside thing no two jobs may use at once, such as site:shop; repeatable',
      collect,
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
      `failures after which the job fails; a worker lost while the agent ran is one (default: ${RetryPolicy.parse({}).maxFailures})`,
    )
  for (const [key, schema] of LIMITS) {
    const meaning = `${schema.description ?? key} (default: ${schema.parse(undefined)})`
    command.option(`--${kebab(key)} <number>`, meaning)
  }
  return command
}

/**
 * A submission of the kind `code` made from flags. What was not given stays undefined and is not
 * sent: the hub knows the defaults and checks the values.
 * @param run the agent's own program, for the agent `command`
 */
export async function submissionOf(
  flags: SubmissionFlags,
  prompt: string,
  run: readonly string[],
  cwd: string,
): Promise<z.input<typeof Submission>> {
  if (flags.repo === undefined) {
    throw new AppError('usage-invalid', 'submit needs --repo: the repository to work on')
  }
  const limits = LIMITS.map(([key]) => [
    key,
    Object.entries(flags).find(([name]) => name === key)?.[1],
  ])
  return {
    kind: 'code',
    payload: {
      repository: await repositoryAddress(flags.repo, cwd),
      ref: flags.ref,
      checkout: checkoutOf(flags),
      prompt,
      agent: agentOf(flags, run),
      test: flags.test === undefined ? undefined : shell(flags.test),
      checks: flags.check.map(checkOf),
      iterations: flags.iterations,
      publish: publishOf(flags),
    },
    labels: flags.label,
    locks: flags.lock,
    limits: Object.fromEntries(limits),
    retry: { maxFailures: flags.maxFailures },
    priority: flags.priority,
    idempotencyKey: flags.key,
    callbacks: callbacksOf(flags),
  }
}

function agentOf({ agent, model }: SubmissionFlags, run: readonly string[]): object {
  if (agent !== 'command') {
    if (run.length > 0) {
      throw new AppError('usage-invalid', 'A program after -- needs --agent command')
    }
    return { name: agent, model }
  }
  if (run.length > 0) return { name: agent, run }
  throw new AppError(
    'usage-invalid',
    '--agent command needs its program after two dashes: … --agent command "the prompt" -- ./agent.sh',
  )
}

/** Undefined when no flag asks for it, so that older hubs take the job. */
function checkoutOf({ depth, sparse, submodules, lfs }: SubmissionFlags): object | undefined {
  const asked = [depth, sparse, submodules, lfs].some((flag) => flag !== undefined)
  return asked ? { depth, sparse, submodules, lfs } : undefined
}

/** Undefined when no flag asks for any, so that older hubs take the job. */
function callbacksOf({ callback, callbackOn }: SubmissionFlags): Submission['callbacks'] {
  if (callback === undefined && callbackOn !== undefined) {
    throw new AppError('usage-invalid', '--callback-on needs --callback')
  }
  return callback?.map((url) => ({ url, events: callbackOn ?? ['ended'] }))
}

function publishOf({ publish, branch, trailers }: SubmissionFlags): object | undefined {
  if (publish === 'none' && (branch !== undefined || !trailers)) {
    const flag = branch === undefined ? '--no-trailers' : '--branch'
    throw new AppError('usage-invalid', `${flag} needs --publish branch`)
  }
  const mode = publish ?? (branch === undefined ? undefined : 'branch')
  if (mode === undefined && !trailers) {
    throw new AppError('usage-invalid', '--no-trailers needs --publish branch')
  }
  return mode === undefined ? undefined : { mode, branch, trailers: trailers ? undefined : false }
}

function checkOf(text: string): object {
  const [name = '', ...typed] = text.split('=')
  if (name === '' || typed.join('').trim() === '') {
    throw new AppError('usage-invalid', `--check ${text}: write it as name=command line`)
  }
  return { name, run: shell(typed.join('=')) }
}

/** A person types a line for a shell; what travels is a program and its arguments. */
const shell = (typed: string): readonly string[] => ['sh', '-c', typed]

/** A folder on this machine is meant as an absolute path; everything else goes as it is. */
async function repositoryAddress(given: string, cwd: string): Promise<string> {
  const path = resolve(cwd, given)
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
  if (isFolder) return path
  // A path from the root may well be one of the worker’s machine.
  if (isAbsolute(given) || given.includes(':')) return given
  throw new AppError('usage-invalid', `--repo ${given}: there is no such folder, seen from ${cwd}`)
}

const kebab = (key: string): string =>
  key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
