import { z } from 'zod'
import { ChangeFacts, CheckFacts, type JobEvent, type WorkerEvent } from './event.ts'

/** What an attempt did, as its events report it. */
export const Evidence = z.strictObject({
  agent: z.string().nullable().describe('The agent or generator that was started'),
  base: z
    .strictObject({ revision: z.string() })
    .nullable()
    .describe('What the work started from, such as a commit'),
  change: z
    .strictObject(ChangeFacts)
    .nullable()
    .describe('The newest change that was read from the workspace'),
  checks: z.array(z.strictObject(CheckFacts)).describe('Every run of a check, in order'),
  steps: z.array(
    z.strictObject({
      step: z.string(),
      durationMs: z.int().nullable().describe('null if the step did not finish'),
    }),
  ),
  notes: z.array(z.strictObject({ code: z.string(), text: z.string() })),
})
export type Evidence = z.infer<typeof Evidence>

/** The evidence before the first event. */
export const NO_EVIDENCE: Evidence = {
  agent: null,
  base: null,
  change: null,
  checks: [],
  steps: [],
  notes: [],
}

/** Builds the evidence from the events of one attempt. */
export const evidenceOf = (events: readonly (WorkerEvent | JobEvent)[]): Evidence =>
  events.reduce(addEvidence, NO_EVIDENCE)

/** Returns the evidence with one more event. Ignores types of events that the evidence does not hold. */
export function addEvidence(known: Evidence, event: WorkerEvent | JobEvent): Evidence {
  const { checks, steps, notes } = known
  const { type } = event
  if (type === 'agent-started') return { ...known, agent: event.agent }
  if (type === 'base') return { ...known, base: { revision: event.revision } }
  if (type === 'change') return { ...known, change: Change.parse(event) }
  if (type === 'check-finished') return { ...known, checks: [...checks, Check.parse(event)] }
  if (type === 'step-started') return { ...known, steps: [...steps, started(event.step)] }
  if (type === 'step-finished') return { ...known, steps: finished(steps, event) }
  if (type !== 'note') return known
  return { ...known, notes: [...notes, { code: event.code, text: event.text }] }
}

// These schemas remove an event's `type`, and the `seq`, `at` and `attempt` that the hub adds.
const Change = z.object(ChangeFacts)
const Check = z.object(CheckFacts)

const started = (step: string): Evidence['steps'][number] => ({ step, durationMs: null })

/** Steps run one after another, so the newest step with this name is the one that finished. */
function finished(
  steps: Evidence['steps'],
  { step, durationMs }: { readonly step: string; readonly durationMs: number },
): Evidence['steps'] {
  const at = steps.findLastIndex((one) => one.step === step)
  return at === -1 ? steps : steps.with(at, { step, durationMs })
}
