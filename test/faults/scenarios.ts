// What a job is and what its programs do in each scenario.
import type { Scenario } from './places.ts'
import { IS_WHOLE, type Order, sha256 } from './order.ts'

/** What agent or check do in the first attempt where that one is meant to be disturbed: not end. */
const ONCE = 'case "$MILLWRIGHT_ATTEMPT" in *-1) '
const ONCE_ENDLESS_WORK = `${ONCE}echo half > work; sleep 600;; esac; `
const ONCE_ENDLESS = `${ONCE}sleep 600;; esac; `
/** Leaves a daemon behind, which must not outlive the attempt. */
const DAEMON = 'setsid -f sleep 600; '
const WORK = `echo working; ${DAEMON}sleep 0.2; echo whole > work`

/** Half of the work, or all of it for whoever hears that this did not pass. */
const WORK_IN_TWO_TURNS =
  "if grep -q 'did not pass'; then echo whole > work; else echo half > work; fi"

/** Longer than what lies in the buffers of a connection, so that a cut breaks it off. */
const INPUT = Buffer.alloc(2 * 1024 * 1024, 'What the job brings along. ')
const INPUT_DIGEST = sha256(INPUT)

/** An agent finds the folder of inputs in its prompt. It leaves no work when any part of it is killed. */
export const WORK_ON_INPUT = `
  inputs=$(printf '%s' "$MILLWRIGHT_PROMPT" | sed -n 's/.* input files are in \\(.*\\), which is read-only\\.$/\\1/p')
  { echo whole; sha256sum < "$inputs/data"; } > .w && mv .w work`

const GENERATE = `
  echo making; ${DAEMON}mkdir sums
  cat "$MILLWRIGHT_INPUTS/data" > model; sha256sum < model | cut -c1-64 > sums/model`
const IS_COPY = 'cmp -s model "$MILLWRIGHT_INPUTS/data"'
const OUTPUTS = { model: INPUT_DIGEST, 'sums/model': sha256(`${INPUT_DIGEST}\n`) }

/** Shorter than the hub is stopped for, so that the hold lapses meanwhile. */
export const HOLD_MS = 2500
/** Longer than it takes to push, and over before a lease has run out after that. */
const LATE_HOLD_MS = 4000
const WORK_WHILE_HELD = `sleep 2; ${WORK}`
const WORK_PAST_HOLD = `sleep 3; ${WORK}`

const write = (content: string) => ({
  calls: [{ name: 'write', args: { path: 'work', content } }],
})
/** The model breaks off the agent's work once; what follows in its session is other than the beginning. */
const modelThat = (fails: object) => ({
  scripts: [
    { when: 'You were interrupted', steps: [write('whole'), { text: 'Done.' }] },
    { steps: [write('half'), fails] },
  ],
})

/** The model of each scenario that has one. */
export const MODELS: Partial<Record<Scenario, object>> = {
  quota: modelThat({
    status: 429,
    errorBody: { error: { message: 'used up', resets_in_seconds: 2 } },
  }),
  outage: modelThat({ status: 503 }),
}

const generated = { script: GENERATE, check: IS_COPY, input: INPUT, outputs: OUTPUTS }
const withInput = { script: WORK_ON_INPUT, input: INPUT, holds: INPUT_DIGEST }

const ORDERS: Readonly<Record<Scenario, Omit<Order, 'title'>>> = {
  plain: { script: WORK },
  inputs: withInput,
  generate: generated,
  'generate again': { ...generated, check: ONCE_ENDLESS + IS_COPY },
  hold: { script: WORK_WHILE_HELD, holdMs: HOLD_MS },
  // The first attempts may be lost; one of those that are left finds the hold lapsed.
  'hold lapses': {
    script: WORK_PAST_HOLD,
    holdMs: HOLD_MS,
    maxFailures: 3,
    ends: ['failed'],
    meets: 'hold-lapsed',
  },
  'hold lapses late': { script: WORK, holdMs: LATE_HOLD_MS },
  'second turn': { script: WORK_IN_TWO_TURNS },
  'worker dies': { script: ONCE_ENDLESS_WORK + WORK },
  'worker restarts': { script: ONCE_ENDLESS_WORK + WORK },
  'worker is gone': { script: ONCE_ENDLESS_WORK + WORK },
  cancel: { script: ONCE_ENDLESS_WORK + WORK, ends: ['cancelled'] },
  'worker stops': { script: ONCE_ENDLESS_WORK + WORK },
  'worker stops in a check': { script: WORK, check: ONCE_ENDLESS_WORK + IS_WHOLE },
  quota: { script: null },
  outage: { script: null },
  collect: withInput,
  'hub stops': { script: ONCE_ENDLESS_WORK + WORK },
  'hub starts': { script: WORK },
}

export const orderFor = (scenario: Scenario, title: string): Order => ({
  title,
  locks: ['site:a'],
  ...ORDERS[scenario],
})
