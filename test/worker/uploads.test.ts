import { createHash } from 'node:crypto'
import { mkdir, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Stopped } from '../../src/domain/stop.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { HubClient } from '../../src/protocol/client.ts'
import { ArtifactSender } from '../../src/worker/artifact-sender.ts'
import { upload } from '../../src/worker/upload.ts'
import { startGate } from '../support/gate.ts'
import { startTestHub } from '../support/hub.ts'
import { aLease } from '../support/jobs.ts'
import { tempFolder } from '../support/temp-folder.ts'

const FOREVER = new AbortController().signal

/** A leased attempt on a hub behind a gate. */
async function startAttempt() {
  await using opening = new AsyncDisposableStack()
  const hub = opening.use(await startTestHub())
  const gate = opening.use(await startGate(hub))
  const { lease, params } = await aLease(hub)
  const folder = await tempFolder()
  await mkdir(join(folder, 'kept'))
  const fence = { jobId: params.job, attempt: params.attempt }
  const context = {
    hub: new HubClient({ url: gate.url, token: lease.token }),
    fence,
    clock: systemClock,
  }
  const open = opening.move()
  const kept = async (): Promise<readonly string[]> =>
    (await hub.ledger.artifacts(params.job)).map(({ name }) => name)
  return { hub, gate, context, folder, kept, [Symbol.asyncDispose]: () => open.disposeAsync() }
}

/** A file to keep that holds its own name. */
async function aFile({ folder }: { readonly folder: string }, name: string) {
  const file = join(folder, name)
  await writeFile(file, name)
  return { name, mediaType: 'text/plain', file }
}

describe('many artifacts at once', () => {
  it('are sent four at a time, and all are on the hub after a flush', async () => {
    await using test = await startAttempt()
    const { hub, gate, context, folder, kept } = test
    const sender = new ArtifactSender(context, folder, { leaseLost: FOREVER, late: FOREVER })
    const held = gate.hold(/PUT/, 'request')
    const names = Array.from({ length: 10 }, (_, number) => `part-${number}`)
    for (const name of names) sender.keep(await aFile(test, name))
    await expect.poll(() => gate.seen.length).toBeGreaterThan(3)
    // The others have time to come, too.
    for (let look = 0; look < 20; look += 1) await hub.admin.call('live', {})

    expect(gate.seen).toHaveLength(4)
    held.release()

    expect(await sender.flush()).toEqual([])
    expect((await kept()).toSorted()).toEqual(names)
  })

  it('of one name are sent one after the other, and the newest remains', async () => {
    await using test = await startAttempt()
    const { hub, gate, context, folder } = test
    const sender = new ArtifactSender(context, folder, { leaseLost: FOREVER, late: FOREVER })
    const held = gate.hold(/PUT/, 'request')
    for (const [index, text] of ['old', 'newer', 'the newest'].entries()) {
      const file = join(folder, `file-${index}`)
      await writeFile(file, text)
      sender.keep({ name: 'work', mediaType: 'text/plain', file })
    }
    await held.here
    // The others have time to come, too.
    for (let look = 0; look < 20; look += 1) await hub.admin.call('live', {})
    expect(gate.seen).toHaveLength(1)
    held.release()

    expect(await sender.flush()).toEqual([])
    expect(await hub.ledger.artifacts(context.fence.jobId)).toMatchObject([
      { name: 'work', size: 10 },
    ])
    expect(sender.kept.map(({ file }) => file)).toEqual([join(folder, 'file-2')])
  })

  it('do not wait for one that the hub refuses', async () => {
    await using test = await startAttempt()
    const { context, folder, kept } = test
    const sender = new ArtifactSender(context, folder, { leaseLost: FOREVER, late: FOREVER })
    const bad = Array.from({ length: 5 }, (_, number) => `../b/${number}`)
    for (const name of bad) {
      const file = join(folder, 'file')
      await writeFile(file, 'x')
      sender.keep({ name, mediaType: 'text/plain', file })
    }
    sender.keep({ name: 'good', mediaType: 'text/plain', text: 'x' })

    expect((await sender.flush()).map(({ name }) => name)).toEqual(bad)
    expect(await kept()).toEqual(['good'])
  })
})

describe('artifacts that are still being sent when a stopped job must end', () => {
  it('are given up, sent or waiting, and named; a text is sent all the same', async () => {
    await using test = await startAttempt()
    const { gate, context, folder, kept } = test
    const late = new AbortController()
    const sender = new ArtifactSender(context, folder, { leaseLost: FOREVER, late: late.signal })
    const held = gate.hold(/PUT .*part/, 'request')
    const names = Array.from({ length: 6 }, (_, number) => `part-${number}`)
    for (const name of names) sender.keep(await aFile(test, name))
    await held.here
    sender.keep({ name: 'report.json', mediaType: 'application/json', text: '{}' })
    late.abort(new Stopped({ kind: 'cancelled' }))
    sender.keep({ name: 'usage.json', mediaType: 'application/json', text: '{}' })

    expect((await sender.flush()).map(({ name }) => name)).toEqual(names)
    expect((await kept()).toSorted()).toEqual(['report.json', 'usage.json'])
  })

  it('are thrown when the lease is lost', async () => {
    await using test = await startAttempt()
    const { gate, context, folder } = test
    const lost = new AbortController()
    const sender = new ArtifactSender(context, folder, {
      leaseLost: lost.signal,
      late: lost.signal,
    })
    const held = gate.hold(/PUT/, 'request')
    sender.keep(await aFile(test, 'part'))
    await held.here
    lost.abort(new Stopped({ kind: 'lease-lost' }))

    await expect(sender.flush()).rejects.toMatchObject({ why: { kind: 'lease-lost' } })
  })
})

describe('a file whose digest was promised', () => {
  it('is kept while it has that digest, and refused when it has another', async () => {
    await using test = await startAttempt()
    const { context, folder, kept } = test
    const file = join(folder, 'file')
    await writeFile(file, 'bytes')
    const digest = createHash('sha256').update('bytes').digest('hex')
    const sender = new ArtifactSender(context, folder, { leaseLost: FOREVER, late: FOREVER })
    sender.keep({ name: 'right', mediaType: 'text/plain', file, digest })
    sender.keep({ name: 'wrong', mediaType: 'text/plain', file, digest: '0'.repeat(64) })

    expect(await sender.flush()).toMatchObject([
      { name: 'wrong', error: { code: 'artifact-changed' } },
    ])
    expect(await kept()).toEqual(['right'])
  })
})

describe('a file that changes while it is sent', () => {
  it.each([
    ['in place', (file: string) => writeFile(file, 'other bytes')],
    ['by growing', (file: string) => truncate(file, 1000)],
  ])('%s is not kept, and is not sent for ever', async (_, change) => {
    await using test = await startAttempt()
    const { gate, context, folder, kept } = test
    const file = join(folder, 'file')
    await writeFile(file, 'first bytes')
    const first = gate.hold(/PUT/, 'request')
    const artifact = { name: 'change.patch', mediaType: 'text/x-diff', file }
    const sent = upload(artifact, 'putArtifact', context, FOREVER)
    await first.here
    await change(file)
    first.drop()

    await expect(sent).rejects.toMatchObject({ code: 'artifact-changed', retryable: false })
    expect(await kept()).toEqual([])
  })
})
