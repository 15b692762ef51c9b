import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { eventsOf } from '../support/generate.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { runs, turnsIn, wants } from '../support/turns.ts'
import { sh, startHubAndWorker, submitCommand, untilEnded } from '../support/worker.ts'

/** Says that it is done, and does nothing until it has run as often as given. */
const idleUntil = (run: number, folder: string) =>
  sh(`echo ran >> ${folder}/runs; cat > ${folder}/prompt
    [ $(wc -l < ${folder}/runs) -lt ${run} ] || echo more >> README.md; echo "Fixed add."`)

describe('a job whose agent changes nothing', () => {
  it('succeeds with no-change once its checks have passed', async () => {
    await using test = await startHubAndWorker()
    const folder = await tempFolder()
    const { id } = await submitCommand(test.hub, folder, {
      run: idleUntil(9, folder),
      payload: { checks: [wants(1)] },
    })
    const job = await untilEnded(test.hub, id)
    expect(job).toMatchObject({ state: 'succeeded', reason: 'no-change', summary: 'Fixed add.' })
    expect(turnsIn(await eventsOf(test.hub, job.id))).toEqual(['agent', 'check 1 passed'])
    expect(await runs(folder)).toBe(1)
  })

  it('gets the findings and another turn when a check fails, and then may pass', async () => {
    await using test = await startHubAndWorker()
    const folder = await tempFolder()
    const { id } = await submitCommand(test.hub, folder, {
      run: idleUntil(2, folder),
      payload: { checks: [wants(2)] },
    })
    const job = await untilEnded(test.hub, id)
    expect(job).toMatchObject({ reason: 'patch-ready', attempt: 1 })
    expect(await readFile(join(folder, 'prompt'), 'utf8')).toMatch(
      /^do it\n[^]*\nYou have changed nothing, [^]*"long enough" failed: [^]* {4}expected: 2, got: 1\n/,
    )
  })

  it.each([
    ['in its only turn', 1, /^The work has no changes, and it does not pass its checks\.\n/],
    ['even with the findings', 3, /^The agent received the findings [^]* changed nothing\.\n/],
  ])('fails with the findings when it changes nothing %s', async (_, iterations, lead) => {
    await using test = await startHubAndWorker()
    const folder = await tempFolder()
    const { id } = await submitCommand(test.hub, folder, {
      run: idleUntil(9, folder),
      payload: { checks: [wants(2)], iterations },
    })
    const job = await untilEnded(test.hub, id)
    expect(job).toMatchObject({ state: 'failed', reason: 'check-failed', attempt: 1 })
    expect(job.detail).toMatch(lead)
    expect(job.detail).toContain('check "long enough" failed:\nexpected: 2, got: 1\n')
    expect(await runs(folder)).toBe(Math.min(iterations, 2))
  })

  it.each([
    ['no checks', []],
    ['checks that pass', [wants(1)]],
  ])('fails with its own reason where a change is required, with %s', async (_, checks) => {
    await using test = await startHubAndWorker()
    const folder = await tempFolder()
    const { id } = await submitCommand(test.hub, folder, {
      run: idleUntil(9, folder),
      payload: { checks, expectChange: true },
    })
    expect(await untilEnded(test.hub, id)).toMatchObject({
      state: 'failed',
      reason: 'change-expected',
      detail: 'the agent’s last message: Fixed add.',
      attempt: 1,
    })
  })
})
