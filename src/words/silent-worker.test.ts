import { describe, expect, it } from 'vitest'
import { silentWorker } from './silent-worker.ts'

const RUNNING = { state: 'running', renewedAt: 1000, leaseUntil: 61_000 } as const

describe('a worker that runs a job', () => {
  it('is silent once half of its lease has passed without a renewal', () => {
    expect(silentWorker(RUNNING, 31_000)).toBeNull()
    expect(silentWorker(RUNNING, 31_001)).toBe('the worker has not responded for 30.0 s')
  })

  it('is not called silent by a hub that does not say when the lease was renewed', () => {
    expect(silentWorker({ ...RUNNING, renewedAt: null }, 60_000)).toBeNull()
  })

  it('is not called silent when the job does not run', () => {
    expect(silentWorker({ ...RUNNING, state: 'queued' }, 60_000)).toBeNull()
  })
})
