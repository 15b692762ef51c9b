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
      `${JSON.stringify(input)} is not a valid branch, tag or commit name: letters a-z, digits and . _ - / @ + = # are allowed, by git’s rules`,
  })

/** Git would take these for something else than a branch of that name. */
const BranchName = RefName.refine(
  (name) => name !== 'HEAD' && !name.startsWith('refs/'),
  'is no name for a branch: leave refs/heads/ away',
)

/** http(s), ssh, file or a local path; which of them a worker accepts is the worker's choice. */
export const RepositoryAddress = line(2048)
  .refine((text) => !text.startsWith('-'), 'may not begin with a dash')
  .refine(
    (text) => !/^[a-z+]+:\/\/[^/@]*:[^/@]*@/i.test(text),
    'may not hold a password: credentials belong to the worker',
  )
  .refine(
    (text) =>
      /^(?:https?|ssh|file):\/\/\S+$/i.test(text) ||
      /^[\w.-]+@[\w.-]+:\S+$/.test(text) ||
      text.startsWith('/'),
    'must be an http, https, ssh or file address, or an absolute path',
  )

/** Which program edits the workspace. */
const [first, ...others] = AGENTS
const Agent = z.discriminatedUnion('name', [first.choice, ...others.map(({ choice }) => choice)])

const Author = z.strictObject({
  name: line(200).refine(isPersonName, 'must be a name: git drops punctuation at its ends'),
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
      .describe('Whether the commit names its job in Job-Id and Attempt'),
  }),
])

/** What is checked out for the agent. */
const Checkout = z.strictObject({
  ref: RefName.optional().describe('Default: the remote’s HEAD'),
  ...CheckoutOptions.shape,
})

/** Turns of the agent where the payload names no number. */
export const ITERATIONS = 3

/** Work on a git repository: edit it with an agent, check it, publish a patch or a branch. */
export const CodePayload = z
  .strictObject({
    repository: RepositoryAddress,
    ref: RefName.optional().describe('Short for checkout.ref'),
    checkout: Checkout.prefault({}),
    prompt: z.string().min(1).max(262_144),
    agent: Agent,
    test: Argv.optional().describe('How the repository is tested; the built-in agent may run it'),
    checks: CommandChecks.describe('Must all pass before anything is published'),
    iterations: z
      .int()
      .min(1)
      .max(20)
      .optional()
      .describe(
        `Turns of the agent until the checks pass: what they found goes back to it. Default: ${ITERATIONS}; 1 for no second turn`,
      ),
    publish: Publish.default({ mode: 'none' }),
  })
  .refine(({ ref, checkout }) => ref === undefined || checkout.ref === undefined, {
    path: ['checkout', 'ref'],
    error: 'was given twice: as ref and as checkout.ref',
  })
export type CodePayload = z.infer<typeof CodePayload>

/** The most turns of the agent. A payload that does not name them is known to older workers, too. */
export const iterationsOf = ({ iterations }: Pick<CodePayload, 'iterations'>): number =>
  iterations ?? ITERATIONS

/** What the job starts from; null for the remote's HEAD. */
export const refOf = ({ ref, checkout }: Pick<CodePayload, 'ref' | 'checkout'>): string | null =>
  checkout.ref ?? ref ?? null
