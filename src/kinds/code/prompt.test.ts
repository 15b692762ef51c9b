import { expect, it } from 'vitest'
import type { InputFile } from '../../domain/input.ts'
import { CodePayload } from './payload.ts'
import { findingsPrompt, promptFor } from './prompt.ts'

const payload = CodePayload.parse({
  repository: '/srv/a.git',
  prompt: '  Fix the parser.\n\n',
  agent: { name: 'codex' },
  test: ['npm', 'test', '--', "it's slow"],
  checks: [{ name: 'types', run: ['tsc', '--noEmit'] }],
})

const INPUT = { name: 'plan.pdf', digest: 'ab'.repeat(32), size: 1 }

/** The parts of a job that its prompts need. */
const jobWith = (asked: CodePayload, inputs: readonly InputFile[] = []) => ({
  payload: asked,
  attempt: {
    folder: '/jobs/1',
    earlier: { checkpoints: [], intents: [], ended: null, continues: null, inputs: [...inputs] },
  },
})
const job = jobWith(payload)

it('a prompt begins with the task in the words of its producer', () => {
  expect(promptFor(job).startsWith('Fix the parser.\n\n---\n')).toBe(true)
})

it('a prompt says how to test, what will be checked and who commits', () => {
  const prompt = promptFor(job)
  expect(prompt).toContain(`Run the tests with: npm test -- 'it'\\''s slow'\n`)
  expect(prompt).toContain('Your work must pass the check "types": tsc --noEmit\n')
  expect(prompt).toContain('The platform commits and publishes')
})

it('a prompt says what the checkout lacks', () => {
  const checkout = { sparse: ['web', 'my docs'], depth: 1, submodules: 'all' }
  const prompt = promptFor(jobWith(CodePayload.parse({ ...payload, checkout })))
  expect(prompt).toContain(
    "Only these folders are checked out: web, 'my docs'. The other folders of the repository exist",
  )
  expect(prompt).toContain('The history is incomplete.')
  expect(prompt).toContain('Changes to them are not published.')
})

it('a prompt says where the job’s inputs are, if it has any', () => {
  expect(promptFor(jobWith(payload, [INPUT]))).toContain(
    'are in /jobs/1/inputs, which is read-only.\n',
  )
  expect(promptFor(job)).not.toContain('input files')
})

const failed = [
  { check: 'types', tree: 'a1', passed: false, findings: 'a.ts:1\nexit code 2', durationMs: 1 },
]

it('a session gets what failed and what to do, not the task again', () => {
  const prompt = findingsPrompt(job, failed, { session: 'session', changed: true })
  expect(prompt).not.toContain('Fix the parser')
  expect(prompt).toContain(
    'The check "types" failed: tsc --noEmit\n\n    a.ts:1\n    exit code 2\n\nFix these failures. The platform then runs the checks again.',
  )
})

it('an agent without a session gets the task again before what failed', () => {
  const prompt = findingsPrompt(job, failed, { session: null, changed: true })
  expect(prompt.startsWith(promptFor(job))).toBe(true)
  expect(prompt).toMatch(/You made the changes in the working tree[^]*The check "types" failed/)
})

it('an agent that changed nothing is not told that its changes failed', () => {
  const prompt = findingsPrompt(job, failed, { session: 'session', changed: false })
  expect(prompt).toMatch(/^You have changed nothing, and the files in the working tree do not pass/)
  expect(prompt).toContain('The check "types" failed: tsc --noEmit\n')
})
