import { z } from 'zod'
import { AGENTS } from '../../agents/all.ts'
import { CommandChecks } from '../../checks/asked.ts'
import { Argv } from '../../domain/argv.ts'
import { isPersonName, line } from '../../domain/text.ts'
import { CheckoutOptions } from '../../workspace/checkout-options.ts'
import { REF_NAME } from '../../workspace/ref-name.ts'

export const RefName = z
  .string()
  .max(200)
  .regex(REF_NAME, {
    error: ({ input }) =>
      `${JSON.stringify(input)} is not a valid branch, tag or commit name: letters a-z, digits and . _ - / @ + = # are allowed, within git’s rules for refs`,
  })

/** The excluded names mean something other than a branch to git. */
const BranchName = RefName.refine(
  (name) => name !== 'HEAD' && !name.startsWith('refs/'),
  'is not the name of a branch: omit refs/heads/',
)

/** An http(s), ssh or file address, or a local path. Each worker may allow fewer of them. */
export const RepositoryAddress = line(2048)
  .refine((text) => !text.startsWith('-'), 'may not begin with a dash')
  .refine(
    (text) => !/^[a-z+]+:\/\/[^/@]*:[^/@]*@/i.test(text),
    'may not contain a password: configure credentials on the worker',
  )
  .refine(
    (text) =>
      /^(?:https?|ssh|file):\/\/\S+$/i.test(text) ||
      /^[\w.-]+@[\w.-]+:\S+$/.test(text) ||
      text.startsWith('/'),
    'must be an http, https, ssh or file address, or an absolute path',
  )

/** The agent that edits the workspace, and its options. */
const [first, ...others] = AGENTS
const Agent = z.discriminatedUnion('name', [first.choice, ...others.map(({ choice }) => choice)])

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

/** What is checked out for the agent. */
const Checkout = z.strictObject({
  ref: RefName.optional().describe('Default: the remote’s HEAD'),
  ...CheckoutOptions.shape,
})

/** The default of `iterations`. */
export const ITERATIONS = 3

/** Work on a git repository: edit it with an agent, check it, publish a patch or a branch. */
export const CodePayload = z
  .strictObject({
    repository: RepositoryAddress,
    ref: RefName.optional().describe('Short for checkout.ref'),
    checkout: Checkout.prefault({}),
    prompt: z.string().min(1).max(262_144),
    agent: Agent,
    test: Argv.optional().describe('The command that tests the repository, for the agent'),
    checks: CommandChecks.describe('All must pass before anything is published'),
    iterations: z
      .int()
      .min(1)
      .max(20)
      .optional()
      .describe(
        `Most turns of the agent. When a check fails, the agent gets the findings and another turn. Default: ${ITERATIONS}`,
      ),
    publish: Publish.default({ mode: 'none' }),
  })
  .refine(({ ref, checkout }) => ref === undefined || checkout.ref === undefined, {
    path: ['checkout', 'ref'],
    error: 'is given twice: as ref and as checkout.ref',
  })
export type CodePayload = z.infer<typeof CodePayload>

/** The most turns of the agent. Not a default of the schema, so that older workers accept the payload. */
export const iterationsOf = ({ iterations }: Pick<CodePayload, 'iterations'>): number =>
  iterations ?? ITERATIONS

/** The ref that the job starts from; null for the remote's HEAD. */
export const refOf = ({ ref, checkout }: Pick<CodePayload, 'ref' | 'checkout'>): string | null =>
  checkout.ref ?? ref ?? null
