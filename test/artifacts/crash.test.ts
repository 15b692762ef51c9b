import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openDiskArtifacts } from '../../src/artifacts/disk-artifacts.ts'
import { openDiskLogs } from '../../src/artifacts/disk-logs.ts'
import { newJobId } from '../../src/domain/id.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { wholeLog } from './whole-log.ts'

/** Starts one of the programs in this folder; kills it at the end of the test at the latest. */
function program(name: string, ...args: string[]) {
  const child = spawn(process.execPath, [join(import.meta.dirname, name), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

/** Runs the program until it has printed this many lines, then sends SIGKILL; returns the last line. */
async function killAfter(lines: number, name: string, ...args: string[]): Promise<string> {
  const child = program(name, ...args)
  const closed = once(child, 'close')
  let last = ''
  let seen = 0
  for await (const line of createInterface(child.stdout)) {
    last = line
    seen += 1
    if (seen === lines) child.kill('SIGKILL')
  }
  expect(await closed).toEqual([null, 'SIGKILL'])
  return last
}

describe('kill -9', () => {
  it('I-22: in the middle of an upload leaves one temporary file, which the sweep removes, and no artifact', async () => {
    const folder = await tempFolder()

    await killAfter(1, 'endless-upload.ts', folder)

    const store = await openDiskArtifacts(folder)
    const blobs = await readdir(join(folder, 'blobs'), { recursive: true, withFileTypes: true })
    expect(blobs.filter((entry) => entry.isFile())).toEqual([])
    expect(await readdir(join(folder, 'temp'))).toHaveLength(1)
    expect(await store.sweepTemp(Infinity)).toBe(1)
    expect(await readdir(join(folder, 'temp'))).toEqual([])
    const { digest } = await store.put(Readable.from([Buffer.from('next')]), {
      expectedDigest: null,
      maxBytes: 4,
    })
    expect(await text(await store.open(digest))).toBe('next')
  })

  it('between appends and in the middle of one loses no byte that was acknowledged and tears none', async () => {
    const folder = await tempFolder()
    const jobId = newJobId(1_700_000_000_000, randomBytes)
    const address = { jobId, attempt: 1, stream: 'output' } as const

    for (const lines of [1, 2, 5, 20, 50]) {
      const acknowledged = Number(await killAfter(lines, 'endless-log.ts', folder, jobId))

      const logs = await openDiskLogs(folder)
      const size = await logs.size(address)
      expect(size).toBeGreaterThanOrEqual(acknowledged)
      const stored = await logs.read(address, 0, size)
      expect(Buffer.from(stored).equals(wholeLog(0, size))).toBe(true)
    }
  })
})

describe('memory', () => {
  it('stays small while 256 MiB are stored and read', async () => {
    const child = program('flat-memory.ts', await tempFolder(), String(256 * 1024 ** 2))
    const [largest] = await Promise.all([text(child.stdout), once(child, 'close')])
    expect(Number(largest)).toBeGreaterThan(0)
    expect(Number(largest)).toBeLessThan(200 * 1024 ** 2)
  })
})
