import { AGENTS } from '../agents/all.ts'
import { nearMiss } from '../domain/near-miss.ts'
import { modelOffer } from '../domain/offer.ts'
import { Offer } from '../domain/text.ts'
import { KINDS } from '../kinds/all.ts'

const AGENT_NAMES = AGENTS.map(({ name }) => name)

/** The known patterns, each as `word:value`. Labels, systems and sandboxes are not listed. */
const KNOWN: readonly string[] = [
  ...KINDS.map(({ schema }) => `kind:${schema.name}`),
  ...KINDS.flatMap((kind) => kind.offers({ agents: AGENT_NAMES, localRepositories: true })),
  modelOffer('anthropic'),
  modelOffer('openai'),
]

const wordOf = (part: string): string => part.slice(0, part.indexOf(':'))

const WORDS: readonly string[] = [...new Set(['label', 'os', 'sandbox', ...KNOWN.map(wordOf)])]

/**
 * A pattern of the jobs that a worker may claim, such as `kind:code`. Rejects an unknown word, and
 * a value that is probably a typo of a known value: a worker with a misspelled pattern gets no
 * jobs.
 */
export const JobPattern = Offer.superRefine((pattern, context) => {
  const word = wordOf(pattern)
  if (!WORDS.includes(word)) {
    const meant = nearMiss(word, WORDS)
    const hint = meant === undefined ? `use one of ${WORDS.join(', ')}` : `did you mean ${meant}?`
    context.addIssue(`jobs cannot be matched by ${JSON.stringify(word)}; ${hint}`)
    return
  }
  const known = KNOWN.filter((one) => wordOf(one) === word && !one.endsWith('*'))
  if (pattern.endsWith('*') || known.includes(pattern)) return
  const meant = nearMiss(
    pattern.slice(word.length + 1),
    known.map((one) => one.slice(word.length + 1)),
  )
  if (meant !== undefined) context.addIssue(`did you mean ${word}:${meant}?`)
})
