import { expect, it } from 'vitest'
import { JobId } from '../../src/domain/id.ts'
import { aJob, claimed, refusal, submitted } from '../conformance/ledger/bed.ts'
import { describeNeeding } from '../support/needs.ts'
import { postgresOfFile } from '../support/postgres.ts'
import { twoHubs } from '../support/two-hubs.ts'

/** Enough repetitions for both sides to interleave in every order. */
const TIMES = 40
/** A page that holds every upload of a test. */
const ALL = { after: '', limit: 100 }
const INTENT = { kind: 'branch', target: 'https://git.example/a#fix', revision: 'a'.repeat(40) }

describeNeeding(
  ['postgresql', 'patience'],
  'two hubs with concurrent requests of submitters',
  () => {
    const file = postgresOfFile()

    it('submit one id: one of them makes the job', async () => {
      const { one, other } = await twoHubs(file.server)
      for (let time = 0; time < TIMES; time += 1) {
        const id = JobId.parse(`abcdef00-0000-4000-8000-${String(time).padStart(12, '0')}`)
        const answers = await Promise.all(
          [one, other].map((ledger) => refusal(ledger.submit(aJob({ id, title: 'one of two' })))),
        )
        expect(answers.toSorted()).toEqual(['job-exists', 'none'])
        expect(await one.events(id, 0, 10)).toHaveLength(1)
      }
    })

    it('extend a hold: the later time wins', async () => {
      const { one, other } = await twoHubs(file.server)
      const jobId = await submitted(one, { holdUntil: 1 })
      for (let time = 1; time < TIMES; time += 1) {
        const [later, earlier] = time % 2 === 0 ? [one, other] : [other, one]
        await Promise.all([
          later.extendHold(jobId, 10 * time + 1, 'tester'),
          earlier.extendHold(jobId, 10 * time, 'tester'),
        ])
        expect(await one.job(jobId)).toMatchObject({ holdUntil: 10 * time + 1 })
      }
    })

    it('extend a lapsed hold while a publication is intended: it is recorded or refused', async () => {
      const { one, other, clock } = await twoHubs(file.server)
      for (let time = 0; time < TIMES; time += 1) {
        const jobId = await submitted(one, { holdUntil: clock.now() })
        const fence = await claimed(one)
        const [, intended] = await Promise.all([
          one.extendHold(jobId, clock.now() + 1000, 'tester'),
          refusal(other.intendPublication(fence, INTENT)),
        ])
        expect(['none', 'hold-lapsed']).toContain(intended)
        const types = (await one.events(jobId, 0, 10)).map(({ type }) => type)
        expect(types.includes('publication-intended')).toBe(intended === 'none')
        await one.intendPublication(fence, INTENT)
      }
    })

    it('forget an upload and name it: it stays, or it is asked for again', async () => {
      const { one, other, clock } = await twoHubs(file.server)
      for (let time = 0; time < TIMES; time += 1) {
        const digest = `d-${time}`
        await one.storeBlob({ digest, size: 1, uploader: 'token' })
        clock.advance(1)
        const naming = aJob({ inputs: [{ name: 'n', digest }] })
        const [{ forgotten }, named] = await Promise.all([
          one.forgetBlobs(clock.now(), ALL),
          refusal(other.submit(naming)),
        ])
        expect([forgotten, named]).toEqual(forgotten === 1 ? [1, 'input-missing'] : [0, 'none'])
        const isStored = (await one.referenced([digest], null)).has(digest)
        expect(isStored).toBe(forgotten === 0)
      }
    })

    it('forget an upload and store it again: it can be named', async () => {
      const { one, other, clock } = await twoHubs(file.server)
      const blob = { digest: 'd', size: 1, uploader: 'token' }
      await one.storeBlob(blob)
      for (let time = 0; time < TIMES; time += 1) {
        clock.advance(1)
        await Promise.all([one.forgetBlobs(clock.now(), ALL), other.storeBlob(blob)])
        const { job } = await one.submit(aJob({ inputs: [{ name: 'n', digest: 'd' }] }))
        expect(await other.inputs(job.id)).toHaveLength(1)
        await one.requestCancel(job.id, 'ada')
        clock.advance(1)
        await one.forget(clock.now(), 10)
      }
    })
  },
)
