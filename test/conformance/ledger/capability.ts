import { describe, expect, it } from 'vitest'
import type { WorkerIdentity } from '../../../src/domain/lease.ts'
import { LANE_BYTES_MAX } from '../../../src/domain/lane.ts'
import type { Ledger } from '../../../src/ledger/port.ts'
import { aJob, aRequest, claimed, type OpenLedger, refusal, submitted } from './bed.ts'

const CODEX = 'agent:codex'
const ACME = 'repo:https://git.example/acme/app'
const OTHER = 'repo:https://git.example/other/app'
const ABLE: Partial<WorkerIdentity> = { labels: ['gpu'], offers: ['agent:*', 'repo:*'] }

const claim = async (
  ledger: Ledger,
  worker: Partial<WorkerIdentity>,
  restrictedTo: readonly string[] | null = null,
) => (await ledger.claim(aRequest(worker, { restrictedTo })))?.job.id ?? null

export function capabilityConformance(open: OpenLedger): void {
  describe('demands', () => {
    it('keep a job from every worker that does not offer all of them', async () => {
      const { ledger } = await open()
      const best = await submitted(ledger, { demands: [ACME, CODEX, ACME], priority: 9 })
      const plain = await submitted(ledger)
      expect(await ledger.job(best)).toMatchObject({ demands: [CODEX, ACME] })
      expect(await claim(ledger, { offers: [CODEX, 'repo:https://git.example/other/*'] })).toBe(
        plain,
      )
      expect(await claim(ledger, { offers: [CODEX] })).toBeNull()
      expect(await claim(ledger, { offers: [CODEX, 'repo:https://git.example/acme/*'] })).toBe(best)
    })

    it('that are too many, too long or ill-formed are refused', async () => {
      const { ledger } = await open()
      const ask = (demands: readonly string[]) => refusal(ledger.submit(aJob({ demands })))
      const many = Array.from({ length: 17 }, (_, index) => `tool:${index}`)
      expect(await ask(many.slice(1))).toBe('none')
      expect(await ask(many)).toBe('request-invalid')
      expect(await ask(['tool:with space'])).toBe('request-invalid')
      expect(await ask(['tool:*'])).toBe('request-invalid')
      const long = Array.from({ length: 4 }, (_, index) => `tool:${index}${'x'.repeat(294)}`)
      expect(await ask(long)).toBe('request-invalid')
    })

    it('of the longest lane may wait for the longest key', async () => {
      const { ledger } = await open()
      // Text that a database cannot compress.
      const key = Array.from({ length: 512 }, (_, n) =>
        String.fromCodePoint(0x4e00 + ((n * 7919) % 20_000)),
      ).join('')
      const demands = [`tool:a${hex(293)}`, `tool:b${hex(293)}`, `tool:c${hex(293)}`]
      const used = ['code', ...demands].join(' ').length
      const last = `tool:d${hex(LANE_BYTES_MAX - used - 7)}`
      const asked = { locks: [key], demands: [...demands, last] }
      await submitted(ledger, { locks: [key] })
      await claimed(ledger)
      const { job } = await ledger.submit(aJob(asked))
      expect(job).toMatchObject({ state: 'queued', parkedOn: key })
      const longer = ledger.submit(aJob({ ...asked, demands: [...demands, `${last}e`] }))
      expect(await refusal(longer)).toBe('request-invalid')
    })
  })

  describe('a restricted token', () => {
    it('claims only from lanes that it lets through, and that worker serves', async () => {
      const { ledger } = await open()
      const other = await submitted(ledger, { demands: [OTHER], priority: 9 })
      const plain = await submitted(ledger, { priority: 5 })
      const acme = await submitted(ledger, { demands: [ACME] })
      const toAcme = ['kind:code', 'repo:https://git.example/acme/*']
      expect(await claim(ledger, { labels: ['gpu'] }, toAcme)).toBeNull()
      expect(await claim(ledger, ABLE, toAcme)).toBe(acme)
      expect(await claim(ledger, ABLE, toAcme)).toBeNull()
      expect(await claim(ledger, ABLE, ['kind:site'])).toBeNull()
      expect(await claim(ledger, ABLE, ['label:gpu'])).toBeNull()
      expect(await claim(ledger, ABLE, null)).toBe(other)
      expect(await claim(ledger, ABLE, ['kind:code'])).toBe(plain)
    })
  })
}

/** Hex digits with a long period, so that they do not compress. */
const hex = (length: number): string =>
  Array.from({ length }, (_, n) => ((n * n * 31 + n * 7) % 16).toString(16)).join('')
