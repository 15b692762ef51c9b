import { stat } from 'node:fs/promises'
import { isAbsolute, resolve } from 'node:path'
import { z } from 'zod'
import { AGENTS } from '../../agents/all.ts'
import { AppError } from '../../domain/errors.ts'
import { line } from '../../domain/text.ts'
import { CheckoutOptions } from '../../workspace/checkout-options.ts'
import { typedCheck } from '../../checks/asked.ts'
import type { Flag, SubmitForm, Typed } from '../kind.ts'
import { readFlags } from '../read-flags.ts'
import { CodePayload, ITERATIONS, RefName } from './payload.ts'

const AGENT_NAMES = AGENTS.map(({ name }) => name)
/** Agents that are programs of the job's own. */
const PROGRAMS = AGENTS.filter(({ takes }) => takes === 'program').map(({ name }) => name)
const SUBMODULES = ['none', 'all'] as const
const PUBLISH = ['none', 'branch'] as const

const FLAGS: readonly Flag[] = [
  {
    flag: '--repo <address>',
    description: 'repository: https, ssh or file address, or a folder',
  },
  {
    flag: '--ref <name>',
    description: 'branch, tag or commit to start from (default: the remote’s HEAD)',
  },
  { flag: '--depth <commits>', description: 'how much history to fetch (default: all)' },
  {
    flag: '--sparse <folder>',
    description: 'check out this folder only; repeatable',
    repeats: true,
  },
  {
    flag: '--submodules <which>',
    description: 'check submodules out, as files',
    choices: SUBMODULES,
  },
  { flag: '--lfs', description: 'fetch the files that Git LFS keeps, not their pointers' },
  {
    flag: '--agent <name>',
    description: `who does the work: ${AGENTS.map((one) => `${one.name}, ${one.description}`).join('; ')}`,
    choices: AGENT_NAMES,
    fallback: AGENTS[0].name,
  },
  {
    flag: '--model <name>',
    description: 'the model it uses, such as anthropic/claude-sonnet-4-5',
  },
  { flag: '--test <line>', description: 'how the repository is tested; a line for sh' },
  {
    flag: '--check <name=line>',
    description: 'must pass before anything is published; repeatable',
    repeats: true,
  },
  {
    flag: '--iterations <count>',
    description: `turns of the agent until the checks pass (default: ${ITERATIONS})`,
  },
  {
    flag: '--publish <mode>',
    description: 'keep a patch (none, the default), or push a branch (the default with --branch)',
    choices: PUBLISH,
  },
  {
    flag: '--branch <name>',
    description:
      'the branch to push, also main: straight to the remote (default: millwright/<short id>)',
  },
  { flag: '--no-trailers', description: 'do not name the job in the commit' },
]

const CodeFlags = z.object({
  repo: z.string().min(1).optional(),
  ref: RefName.optional(),
  depth: z.coerce.number().pipe(CheckoutOptions.shape.depth.unwrap().unwrap()).optional(),
  sparse: CheckoutOptions.shape.sparse.unwrap().optional(),
  submodules: z.enum(SUBMODULES).optional(),
  lfs: z.boolean().optional(),
  agent: z.enum(AGENT_NAMES),
  model: line(200).optional(),
  test: z.string().optional(),
  check: z.array(z.string()).default([]),
  iterations: z.coerce.number().pipe(CodePayload.shape.iterations.unwrap()).optional(),
  publish: z.enum(PUBLISH).optional(),
  branch: RefName.optional(),
  trailers: z.boolean().default(true),
})
type CodeFlags = z.infer<typeof CodeFlags>

/** How a code job is described on a command line. */
export const codeForm: SubmitForm = {
  description: 'Hands in work on a git repository by an agent.',
  usage: '--repo <address> [flags] "<prompt>" [-- agent program and arguments]',
  prompt: 'what to do; - reads it from stdin',
  flags: FLAGS,
  examples: [
    '--repo https://github.com/you/app --publish branch "Fix the failing test"',
    `--repo . --agent ${PROGRAMS[0]} "Say hello" -- sh -c 'echo hello > file'`,
  ],
  payload: payloadOf,
}

/** What was not typed stays undefined and is not sent: the hub knows the defaults. */
async function payloadOf(typed: Typed): Promise<object> {
  const flags = readFlags(CodeFlags, typed)
  if (typed.prompt === null) throw new AppError('usage-invalid', 'submit needs a prompt')
  if (flags.repo === undefined) {
    throw new AppError('usage-invalid', 'submit needs --repo: the repository to work on')
  }
  return {
    repository: await repositoryAddress(flags.repo, typed.cwd),
    ref: flags.ref,
    checkout: checkoutOf(flags),
    prompt: typed.prompt,
    agent: agentOf(flags, typed.rest),
    test: flags.test === undefined ? undefined : shell(flags.test),
    checks: flags.check.map(typedCheck),
    iterations: flags.iterations,
    publish: publishOf(flags),
  }
}

function agentOf({ agent: name, model }: CodeFlags, run: readonly string[]): object {
  if (!PROGRAMS.includes(name)) {
    if (run.length === 0) return { name, model }
    throw new AppError('usage-invalid', `A program after -- needs --agent ${PROGRAMS.join(' or ')}`)
  }
  if (run.length > 0) return { name, run }
  throw new AppError(
    'usage-invalid',
    `--agent ${name} needs its program after two dashes: … --agent ${name} "the prompt" -- ./agent.sh`,
  )
}

/** Undefined when no flag asks for it, so that older hubs take the job. */
function checkoutOf({ depth, sparse, submodules, lfs }: CodeFlags): object | undefined {
  const asked = [depth, sparse, submodules, lfs].some((flag) => flag !== undefined)
  return asked ? { depth, sparse, submodules, lfs } : undefined
}

function publishOf({ publish, branch, trailers }: CodeFlags): object | undefined {
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
