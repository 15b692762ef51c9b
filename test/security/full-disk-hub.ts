// Runs a hub with temporary files on a disk of a few MiB, fills the disk, frees space, and prints
// how calls were answered at each stage.
import { statfs, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AppError } from '../../src/domain/errors.ts'
import { watchFreeSpace } from '../../src/platform/disk-space.ts'
import { testClock } from '../support/clock.ts'
import { startTestHub } from '../support/hub.ts'
import { aJob, aLease } from '../support/jobs.ts'

const MiB = 1024 * 1024
const clock = testClock()
const disk = { freeBytes: watchFreeSpace(tmpdir(), clock), floorBytes: 2 * MiB }
await using hub = await startTestHub({ disk })
const { attempt, params } = await aLease(hub)

const answer = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'ok',
    (error: unknown) => {
      if (error instanceof AppError) return `${error.status} ${error.code}`
      throw error
    },
  )

const submit = () => answer(hub.admin.call('submitJob', { body: aJob() }))
const upload = (name: string) =>
  answer(
    attempt.call('putArtifact', { params: { ...params, name }, body: Buffer.alloc(1000, name) }),
  )
const renew = () => answer(attempt.call('renewLease', { params, body: { leaseMs: 60_000 } }))
/** A write that does not fit on the full disk of the ledger. */
const checkpoint = () =>
  answer(
    attempt.call('addCheckpoint', {
      params,
      body: { step: 'agent', product: { words: 'x'.repeat(MiB / 2) } },
    }),
  )
const settle = () =>
  answer(
    attempt.call('settleLease', {
      params,
      body: {
        settlement: { kind: 'succeeded', reason: 'no-change', publication: null },
        usage: null,
      },
    }),
  )

/** Leaves this many bytes free, and advances the clock so that the hub measures again. */
async function leaveFree(bytes: number): Promise<void> {
  const filler = join(tmpdir(), 'filler')
  await rm(filler, { force: true })
  const { bavail, bsize } = await statfs(tmpdir())
  await writeFile(filler, Buffer.alloc(Math.max(0, bavail * bsize - bytes)))
  clock.advance(1001)
}

const stages: Record<string, readonly string[]> = {}
stages['room'] = [await submit(), await upload('a'), await renew()]
await leaveFree(MiB)
stages['below the floor'] = [await submit(), await upload('b'), await renew()]
await leaveFree(0)
stages['not a byte'] = [await submit(), await upload('c'), await checkpoint()]
await leaveFree(MiB)
stages['below the floor again'] = [await renew(), await checkpoint(), await settle()]
await leaveFree(4 * MiB)
stages['room again'] = [await submit()]
process.stdout.write(JSON.stringify(stages))
