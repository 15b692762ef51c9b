import { z } from 'zod'
import { AGENTS, unknownAgent } from '../../agents/all.ts'
import { CommandChecks } from '../../checks/asked.ts'
import { Argv } from '../../domain/argv.ts'
import { isPersonName, line } from '../../domain/text.ts'
import { hasPassword } from '../../workspace/address.ts'
import { CheckoutOptions } from '../../workspace/checkout-options.ts'
import { whyNoRefName } from '../../workspace/ref-name.ts'

export const RefName = z
  .string()
  .max(200)
  .superRefine((name, context) => {
    const why = whyNoRefName(name)
    if (why !== null) context.addIssue(`${JSON.stringify(name)}: ${why}`)
  })

/** The name of a branch. Excludes `HEAD` and `refs/…`, which git does not read as branch names. */
const BranchName = RefName.refine(
  (name) => name !== 'HEAD' && !name.startsWith('refs/'),
  'must be the name of a branch, without refs/heads/, and not HEAD',
)

/**
 * An http, https, ssh or file URL, or an absolute path. Each worker decides which of these to
 * accept.
 */
export const RepositoryAddress = line(2048)
  .refine((text) => !text.startsWith('-'), 'must not begin with a dash')
  .refine(
    (text) => !hasPassword(text),
    'must not contain a password: configure credentials on the worker',
  )
  .refine(
    (text) =>
      /^(?:https?|ssh|file):\/\/\S+$/i.test(text) ||
      /^[\w.-]+@[\w.-]+:\S+$/.test(text) ||
      text.startsWith('/'),
    'must be an http, https, ssh or file URL, or an absolute path',
  )

const Named = z.object({ name: z.string() })

/** The agent that edits the workspace: its name, and the options that this agent accepts. */
const [first, ...others] = AGENTS
const Agent = z.discriminatedUnion('name', [first.choice, ...others.map(({ choice }) => choice)], {
  error: ({ input }) => unknownAgent(Named.safeParse(input).data?.name),
})

const Author = z.strictObject({
  name: line(200).refine(isPersonName, 'must contain more than punctuation and spaces'),
  email: z.email().max(254),
})

const Publish = z.discriminatedUnion('mode', [
  z.strictObject({ mode: z.literal('none') }),
  z.strictObject({
    mode: z.literal('branch'),
    branch: BranchName.optional().describe('Default: millwright/<short id>'),
    author: Author.optional(),
    trailers: z
      .boolean()
      .default(true)
      .describe('Whether the commit message has the trailers Job-Id and Attempt'),
  }),
])

/** What to check out for the agent. */
const Checkout = z.strictObject({
  ref: RefName.optional().describe(
    'Default: the branch that publish.branch names if it exists, otherwise the remote’s HEAD',
  ),
  ...CheckoutOptions.shape,
})

/** The default value of `iterations`. */
export const ITERATIONS = 3

/** The payload of a job in which an agent edits a git repository. */
export const CodePayload = z
  .strictObject({
    repository: RepositoryAddress,
    ref: RefName.optional().describe('Short form of `checkout.ref`'),
    checkout: Checkout.prefault({}),
    startAt: z
      .literal('ref')
      .optional()
      .describe('If given, a follow-up starts from its ref instead of where the earlier job ended'),
    prompt: z.string().min(1).max(262_144),
    agent: Agent,
    test: Argv.optional().describe('The command with which the agent can test its work'),
    checks: CommandChecks.describe('All must pass before anything is published'),
    iterations: z
      .int()
      .min(1)
      .max(20)
      .optional()
      .describe(
        `Maximum number of the agent’s turns. If a check fails, the agent gets its findings and another turn. Default: ${ITERATIONS}`,
      ),
    expectChange: z
      .boolean()
      .optional()
      .describe('Whether the job fails if the agent changes nothing. Default: no'),
    publish: Publish.default({ mode: 'none' }),
  })
  .refine(({ ref, checkout }) => ref === undefined || checkout.ref === undefined, {
    path: ['checkout', 'ref'],
    error: 'is given twice: as "ref" and as "checkout.ref"',
  })
export type CodePayload = z.infer<typeof CodePayload>

/**
 * The maximum number of the agent's turns. The default is applied here, not in the schema: a job
 * whose payload contains `iterations` is given only to workers with protocol version 2 or later.
 */
export const iterationsOf = ({ iterations }: Pick<CodePayload, 'iterations'>): number =>
  iterations ?? ITERATIONS

/** The ref from which the payload says to start; null if the payload names none. */
export const refOf = ({ ref, checkout }: Pick<CodePayload, 'ref' | 'checkout'>): string | null =>
  checkout.ref ?? ref ?? null
