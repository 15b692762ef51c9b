import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { tempFolder } from '../../test/support/temp-folder.ts'
import { tryLock, withLock } from './file-lock.ts'

const patient = () => AbortSignal.timeout(60_000)

describe('a file’s lock', () => {
  it('lets one in at a time', async () => {
    const file = join(await tempFolder(), 'lock')
    let inside = 0
    const enter = () =>
      withLock(
        file,
        async () => {
          inside += 1
          expect(inside).toBe(1)
          await new Promise((resolve) => setImmediate(resolve))
          inside -= 1
        },
        patient(),
      )
    await Promise.all([enter(), enter(), enter(), enter()])
  })

  it('is freed by the death of its holder', async () => {
    const file = join(await tempFolder(), 'lock')
    const module = join(import.meta.dirname, 'file-lock.ts')
    const script = `import { withLock } from ${JSON.stringify(module)}
      await withLock(${JSON.stringify(file)}, () => { console.log('held'); return new Promise(() => setInterval(() => {}, 1e6)) }, new AbortController().signal)`
    const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(holder.stdout, 'data')
    const taken = withLock(file, async () => 'mine', patient())
    const early = await Promise.race([taken, new Promise((resolve) => setImmediate(resolve))])
    expect(early).toBeUndefined()
    holder.kill('SIGKILL')
    expect(await taken).toBe('mine')
  })

  it('is not waited for any longer than the attempt lives', async () => {
    const file = join(await tempFolder(), 'lock')
    const controller = new AbortController()
    await withLock(
      file,
      async () => {
        const second = withLock(file, async () => 'never', controller.signal)
        controller.abort(new Error('cancelled'))
        await expect(second).rejects.toThrow('cancelled')
      },
      patient(),
    )
  })

  it('is refused immediately without waiting, until it is free again', async () => {
    const file = join(await tempFolder(), 'lock')
    {
      using first = tryLock(file)
      expect(first).not.toBeNull()
      expect(tryLock(file)).toBeNull()
      expect(tryLock(file)).toBeNull()
    }
    using second = tryLock(file)
    expect(second).not.toBeNull()
  })

  it.skipIf(process.platform !== 'linux')('leaves no open file if it fails', async () => {
    const file = join(await tempFolder(), 'lock')
    await writeFile(file, 'this is not a database'.repeat(100))
    expect(() => tryLock(file)).toThrow(/not a database/)
    const descriptors = await readdir('/proc/self/fd')
    const open = descriptors.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''))
    expect(await Promise.all(open)).not.toContain(file)
  })
})
