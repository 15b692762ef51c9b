import { describe, expect, it } from 'vitest'
import { Continuation, Earlier } from '../../domain/work.ts'
import { firstPrompt } from './earlier-prompt.ts'
import { CodePayload } from './payload.ts'
import { promptFor } from './prompt.ts'
import type { KeptWork } from './work-checkpoint.ts'

const payload = CodePayload.parse({
  repository: '/srv/a.git',
  prompt: 'Fix add.',
  agent: { name: 'codex' },
  checks: [{ name: 'test', run: ['npm', 'test'] }],
})

const jobAfter = (earlier: Partial<Earlier>) => ({
  payload,
  attempt: {
    folder: '/jobs/1',
    earlier: Earlier.parse({
      checkpoints: [],
      intents: [],
      continues: null,
      inputs: [],
      ...earlier,
    }),
  },
})

const LOST = { reason: 'worker-lost', detail: '' }
const FAILED = { tree: 'a1', failed: [{ check: 'test', findings: 'expected 4, got 5' }] }
const FINDINGS =
  /\nThe check "test" failed: npm test\n\n {4}expected 4, got 5\n\nFix these failures\./

const work = (change: Partial<KeptWork> = {}): KeptWork => ({
  attempt: 1,
  iteration: 2,
  aside: false,
  session: 's1',
  summary: null,
  answers: null,
  change: { base: 'b', tree: 't', artifacts: ['change.patch'] },
  ...change,
})

const continued = (change: Partial<Continuation>) =>
  Continuation.parse({
    jobId: '01890000-0000-7000-8000-000000000000',
    session: null,
    artifacts: [],
    publication: null,
    title: 'Add two numbers',
    ended: { reason: 'no-change', detail: '' },
    ...change,
  })

const NOTHING = { kept: null, lost: null, session: null, advanced: false }

describe('the first prompt of an attempt', () => {
  it('is the task alone when nothing was tried before', () => {
    const job = jobAfter({})
    expect(firstPrompt(job, NOTHING)).toBe(promptFor(job))
  })

  it('continues an interrupted session without the task, with the findings to fix', () => {
    const kept = work({ answers: FAILED })
    const prompt = firstPrompt(jobAfter({ ended: LOST }), { ...NOTHING, kept, session: 's1' })
    expect(prompt).toMatch(
      /^You were interrupted: the worker stopped renewing its lease\. Your session and your changes are/,
    )
    expect(prompt).toMatch(FINDINGS)
    expect(prompt).not.toContain('Fix add.')
  })

  it('repeats the task in a salvaged session, which may lack it', () => {
    const kept = work({ salvaged: true })
    const prompt = firstPrompt(jobAfter({ ended: LOST }), { ...NOTHING, kept, session: 's1' })
    expect(prompt).toMatch(
      /^Fix add\.\n[^]*\nAn earlier attempt at this task ended: the worker stopped/,
    )
  })

  it('says that the earlier attempt had changed nothing', () => {
    const kept = work({ session: null, change: { base: 'b', tree: 't', artifacts: [] } })
    const prompt = firstPrompt(jobAfter({ ended: LOST }), { ...NOTHING, kept })
    expect(prompt).toContain('renewing its lease. It had changed nothing.\n')
  })

  it('says that earlier work could not be restored, and what its checks found', () => {
    const lost = work({ answers: FAILED })
    const prompt = firstPrompt(jobAfter({ ended: LOST }), { ...NOTHING, lost })
    expect(prompt).toContain('renewing its lease. Its changes could not be restored. Start over.\n')
    expect(prompt).toMatch(FINDINGS)
  })

  it('names a reason that only a newer hub knows', () => {
    const ended = { reason: 'asteroid', detail: '' }
    const prompt = firstPrompt(jobAfter({ ended }), { ...NOTHING, kept: work(), session: 's1' })
    expect(prompt).toMatch(/^You were interrupted: asteroid\. /)
  })

  it('shortens the detail of earlier work in its middle, and indents it', () => {
    const detail = `begin\n${'x'.repeat(8000)}\nend`
    const ended = { reason: 'agent-failed', detail }
    const prompt = firstPrompt(jobAfter({ ended }), NOTHING)
    expect(prompt).toMatch(/\n {4}begin\n {4}x+\n {4}\[…\]\n {4}x+\n {4}end\n/)
    expect(prompt.length).toBeLessThan(7500)
  })
})

describe('the first prompt of a follow-up', () => {
  it('says what the earlier job was asked, how it ended and what its agent said', () => {
    const summary = 'I could not find\nthe function.'
    const job = jobAfter({ continues: continued({ summary }) })
    const prompt = firstPrompt(job, NOTHING)
    expect(prompt).toContain(
      'This continues an earlier job, “Add two numbers”, which ended: the agent changed nothing. It left no changes.\n',
    )
    expect(prompt).toContain('\n    I could not find\n    the function.\n')
  })

  it('says that others have changed the branch since, so that no file is changed unread', () => {
    const job = jobAfter({ continues: continued({}) })
    const others = 'Since then, others have made commits to its branch.'
    expect(firstPrompt(job, { ...NOTHING, advanced: true })).toContain(others)
    expect(firstPrompt(job, NOTHING)).not.toContain(others)
  })

  it('says nothing of the earlier job once an attempt at this one has work', () => {
    const job = jobAfter({ continues: continued({}), ended: LOST })
    const prompt = firstPrompt(job, { ...NOTHING, kept: work() })
    expect(prompt).not.toContain('Add two numbers')
  })

  it('says nothing of an earlier job of which an older hub tells nothing', () => {
    const job = jobAfter({ continues: continued({ title: '', ended: null }) })
    expect(firstPrompt(job, NOTHING)).toBe(promptFor(job))
  })
})
