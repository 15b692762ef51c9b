import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { LOG_SEGMENT_BYTES_MAX } from '../../src/domain/attempt.ts'
import { startHubProcess } from '../support/hub-process.ts'
import { aLease } from '../support/jobs.ts'
import { describeNeeding } from '../support/needs.ts'

const MIB = 1024 * 1024
const SEGMENTS = 60

describeNeeding(['patience'], 'T23: a flood of output', () => {
  it('of lines a megabyte long, and of bodies without end, leaves the hub’s memory flat', async () => {
    await using hub = await startHubProcess()
    const { params, attempt } = await aLease(hub)
    const segment = Buffer.alloc(LOG_SEGMENT_BYTES_MAX, 'y')
    const write = (stream: 'output' | 'transcript' | 'checks', offset: number, body = segment) =>
      attempt.call('writeLog', { params: { ...params, stream, offset }, body })
    for (const stream of ['output', 'transcript', 'checks'] as const) await write(stream, 0)
    const before = await hub.memory()

    let most = 0
    for (let index = 1; index < SEGMENTS; index += 1) {
      const offset = index * LOG_SEGMENT_BYTES_MAX
      await Promise.all([
        write('output', offset),
        write('transcript', offset),
        write('checks', offset),
      ])
      most = Math.max(most, await hub.memory())
    }
    // Without a pause before each chunk, the sender would never read the answer.
    const endless = new ReadableStream({
      pull: async (controller) => {
        await setImmediate()
        controller.enqueue(segment)
      },
    })
    const call = attempt.call('writeLog', {
      params: { ...params, stream: 'output', offset: SEGMENTS * LOG_SEGMENT_BYTES_MAX },
      body: endless,
    })
    // A race decides whether the caller sees the refusal or only the end of its connection.
    await expect(call).rejects.toMatchObject({
      code: expect.stringMatching(/^(body-too-large|hub-unreachable)$/),
    })
    most = Math.max(most, await hub.memory())

    expect(most - before).toBeLessThan(96 * MIB)
    const response = await hub.admin.call('readLog', {
      params: { job: params.job, stream: 'output' },
      query: { offset: (SEGMENTS - 1) * LOG_SEGMENT_BYTES_MAX, limit: 4 * LOG_SEGMENT_BYTES_MAX },
    })
    expect((await response.arrayBuffer()).byteLength).toBe(LOG_SEGMENT_BYTES_MAX)
  })
})
