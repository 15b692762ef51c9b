import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { copyOut } from './copy-out.ts'

it('a stream is copied whole, and stdout stays open', async () => {
  const stdout = new PassThrough()
  await copyOut(Readable.from([Buffer.from('a'), Buffer.from('b')]), { stdout })
  stdout.end('c')
  expect(await text(stdout)).toBe('abc')
})

it('copying ends when the reader of stdout has seen enough', async () => {
  const reader = spawn('head', ['-c', '1'], { stdio: ['pipe', 'ignore', 'ignore'] })
  const closed = once(reader, 'close')
  let isReleased = false
  const endless = Readable.from(
    (function* () {
      try {
        for (;;) yield Buffer.alloc(65_536)
      } finally {
        isReleased = true
      }
    })(),
  )
  await copyOut(endless, { stdout: reader.stdin })
  await closed
  expect(isReleased).toBe(true)
})

it('a damaged stream is an error', async () => {
  const damaged = new Readable({ read: () => damaged.destroy(new Error('damaged')) })
  await expect(copyOut(damaged, { stdout: new PassThrough() })).rejects.toThrow('damaged')
})
