import { z } from 'zod'
import { AGENTS, unknownAgent } from '../../agents/all.ts'
import { AppError } from '../../domain/errors.ts'
import { line } from '../../domain/text.ts'
import { CheckoutOptions } from '../../workspace/checkout-options.ts'
import { typedCheck } from '../../checks/asked.ts'
import type { Flag, SubmitForm, Typed } from '../kind.ts'
import { readFlags } from '../read-flags.ts'
import { repositoryAddress } from './local-repository.ts'
import { CodePayload, ITERATIONS, RefName } from './payload.ts'

const AGENT_NAMES = AGENTS.map(({ name }) => name)
/** Names of the agents that run a program given on the command line. */
const PROGRAMS = AGENTS.filter(({ takes }) => takes === 'program').map(({ name }) => name)
const SUBMODULES = ['none', 'all'] as const
const PUBLISH = ['none', 'branch'] as const

const FLAGS: readonly Flag[] = [
  {
    flag: '--repo <address>',
    description: 'the repository: an https, ssh or file URL, or a local folder',
  },
  {
    flag: '--ref <name>',
    description:
      'the branch, tag or commit to start from (default: the branch that --branch names if it exists, otherwise the remote’s HEAD)',
  },
  {
    flag: '--depth <commits>',
    description: 'maximum number of commits of history to fetch (default: all)',
  },
  {
    flag: '--sparse <folder>',
    description: 'check out only this folder; repeatable',
    repeats: true,
  },
  {
    flag: '--submodules <which>',
    description:
      'which submodules to check out; their files are copied in without git metadata (default: none)',
    choices: SUBMODULES,
  },
  {
    flag: '--lfs',
    description: 'check out the content of Git LFS files instead of their pointers',
  },
  {
    flag: '--agent <name>',
    description: `the agent: ${AGENTS.map((one) => `${one.name}, ${one.description}`).join('; ')}`,
    choices: AGENT_NAMES,
    fallback: AGENTS[0].name,
  },
  {
    flag: '--model <name>',
    description: 'the agent’s model, such as anthropic/claude-sonnet-4-5',
  },
  { flag: '--test <line>', description: 'the shell command that the agent runs to test its work' },
  {
    flag: '--check <name=line>',
    description: 'a shell command that must pass before anything is published; repeatable',
    repeats: true,
  },
  {
    flag: '--iterations <count>',
    description: `maximum number of turns in which the agent can make the checks pass (default: ${ITERATIONS})`,
  },
  {
    flag: '--expect-change',
    description:
      'fail the job if the agent changes nothing (default: the job succeeds with no-change)',
  },
  {
    flag: '--publish <mode>',
    description:
      '"none" keeps the change as a patch (default); "branch" pushes it to a branch (default with --branch)',
    choices: PUBLISH,
  },
  {
    flag: '--branch <name>',
    description: 'the branch to push to, which may be main (default: millwright/<short id>)',
  },
  {
    flag: '--no-trailers',
    description: 'do not add the trailers Job-Id and Attempt to the commit message',
  },
]

const CodeFlags = z.object({
  repo: z.string().min(1).optional(),
  ref: RefName.optional(),
  depth: z.coerce.number().pipe(CheckoutOptions.shape.depth.unwrap().unwrap()).optional(),
  sparse: CheckoutOptions.shape.sparse.unwrap().optional(),
  submodules: z.enum(SUBMODULES).optional(),
  lfs: z.boolean().optional(),
  agent: z.enum(AGENT_NAMES, { error: ({ input }) => unknownAgent(input) }),
  model: line(200).optional(),
  test: z.string().optional(),
  check: z.array(z.string()).default([]),
  iterations: z.coerce.number().pipe(CodePayload.shape.iterations.unwrap()).optional(),
  expectChange: z.boolean().optional(),
  publish: z.enum(PUBLISH).optional(),
  branch: RefName.optional(),
  trailers: z.boolean().default(true),
})
type CodeFlags = z.infer<typeof CodeFlags>

/** `millwright submit [code] … "<prompt>"`. */
export const codeForm: SubmitForm = {
  description: 'Submits a job in which an agent works on a git repository.',
  usage: '--repo <address> [flags] "<prompt>" [-- agent program and arguments]',
  prompt: 'the prompt for the agent; - reads it from stdin',
  flags: FLAGS,
  examples: [
    '--repo https://github.com/you/app --publish branch "Fix the failing test"',
    `--repo . --agent ${PROGRAMS[0]} "Say hello" -- sh -c 'echo hello > file'`,
  ],
  payload: payloadOf,
}

/**
 * Makes the payload. Leaves out flags that were not given, so that the worker applies the defaults.
 */
async function payloadOf(typed: Typed): Promise<object> {
  const flags = readFlags(CodeFlags, typed)
  if (typed.prompt === null) throw new AppError('usage-invalid', 'submit needs a prompt')
  if (flags.repo === undefined) {
    throw new AppError('usage-invalid', 'submit needs --repo: the repository to work on')
  }
  return {
    repository: await repositoryAddress(flags.repo, typed),
    ref: flags.ref,
    checkout: checkoutOf(flags),
    prompt: typed.prompt,
    agent: agentOf(flags, typed.rest),
    test: flags.test === undefined ? undefined : shell(flags.test),
    checks: flags.check.map(typedCheck),
    iterations: flags.iterations,
    expectChange: flags.expectChange,
    publish: publishOf(flags),
  }
}

function agentOf({ agent: name, model }: CodeFlags, run: readonly string[]): object {
  if (!PROGRAMS.includes(name)) {
    if (run.length === 0) return { name, model }
    throw new AppError(
      'usage-invalid',
      `A program after -- requires --agent ${PROGRAMS.join(' or ')}`,
    )
  }
  if (run.length > 0) return { name, run }
  throw new AppError(
    'usage-invalid',
    `--agent ${name} needs its program after two dashes: … --agent ${name} "the prompt" -- ./agent.sh`,
  )
}

/**
 * The payload's `checkout`. Undefined if none of its flags was given, because older hubs reject a
 * payload with `checkout`.
 */
function checkoutOf({ depth, sparse, submodules, lfs }: CodeFlags): object | undefined {
  const asked = [depth, sparse, submodules, lfs].some((flag) => flag !== undefined)
  return asked ? { depth, sparse, submodules, lfs } : undefined
}

function publishOf({ publish, branch, trailers }: CodeFlags): object | undefined {
  if (publish === 'none' && (branch !== undefined || !trailers)) {
    const flag = branch === undefined ? '--no-trailers' : '--branch'
    throw new AppError('usage-invalid', `${flag} requires --publish branch`)
  }
  const mode = publish ?? (branch === undefined ? undefined : 'branch')
  if (mode === undefined && !trailers) {
    throw new AppError('usage-invalid', '--no-trailers requires --publish branch')
  }
  return mode === undefined ? undefined : { mode, branch, trailers: trailers ? undefined : false }
}

/** Converts a shell command line to the program and arguments that the payload requires. */
const shell = (typed: string): readonly string[] => ['sh', '-c', typed]
