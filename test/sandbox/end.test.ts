import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import type { Child, Launch } from '../../src/domain/launch.ts'
import { silentLog } from '../../src/platform/log.ts'
import { environmentHolds, listProcesses } from '../../src/platform/process-table.ts'
import { MARKER } from '../../src/platform/process-tree.ts'
import { unconfined } from '../../src/sandbox/none.ts'
import { inSandbox, PATH, testFolder, testSandbox } from '../support/confined.ts'
import { fakeAgent } from '../support/fake-agent.ts'
import { describeNeeding } from '../support/needs.ts'

/** After a cancel, every process must have ended within this time. */
const GONE_MS = 5000

const carriers = (marker: string): readonly number[] =>
  listProcesses()
    .map(({ pid }) => pid)
    .filter((pid) => environmentHolds(pid, `${MARKER}=${marker}`))

async function start(launch: Launch, cwd: string, argv: [string, ...string[]]): Promise<Child> {
  return await launch({ argv, cwd, env: { PATH }, writable: [cwd], readable: [] })
}

const STUBBORN = fakeAgent(
  { do: 'ignore-signals' },
  { do: 'start-daemon' },
  { do: 'say', text: 'up' },
  { do: 'hang' },
)

const BACK_ENDS = {
  'the sandbox': (marker: string) => testSandbox({ marker }),
  'no sandbox': (marker: string) => unconfined({ marker, log: silentLog }),
}

for (const [name, launchOf] of Object.entries(BACK_ENDS)) {
  describeNeeding(['bubblewrap', 'linux'], `stop in ${name}`, () => {
    it('ends a program that ignores signals, and its daemon, in time', async () => {
      const marker = randomUUID()
      const child = await start(launchOf(marker), await testFolder(), STUBBORN)
      await once(child.stdout, 'data')
      expect(carriers(marker).length).toBeGreaterThan(1)
      const stopped = performance.now()
      await child.stop(100)
      expect(carriers(marker)).toEqual([])
      expect(performance.now() - stopped).toBeLessThan(GONE_MS)
    })

    it('lets a program that handles SIGINT save its work', async () => {
      const folder = await testFolder()
      const argv = fakeAgent(
        { do: 'save-on-interrupt', path: 'saved.txt' },
        { do: 'say', text: 'up' },
        { do: 'hang' },
      )
      const child = await start(launchOf(randomUUID()), folder, argv)
      await once(child.stdout, 'data')
      expect(await child.stop(10_000)).toEqual({ code: 0, killSignal: null })
      expect(readFileSync(join(folder, 'saved.txt'), 'utf8')).toBe('saved\n')
    })

    it('immediately ends a program that has just started', async () => {
      const marker = randomUUID()
      const child = await start(launchOf(marker), await testFolder(), STUBBORN)
      await child.stop(0)
      expect(carriers(marker)).toEqual([])
    })
  })

  describeNeeding(['bubblewrap', 'linux'], `the end of a program in ${name}`, () => {
    it('is also the end of its daemon, although that keeps our pipe open', async () => {
      const marker = randomUUID()
      const argv = fakeAgent({ do: 'start-daemon' }, { do: 'exit', code: 3 })
      const child = await start(launchOf(marker), await testFolder(), argv)
      const words = text(child.stderr)
      expect(await child.exit).toEqual({ code: 3, killSignal: null })
      expect(carriers(marker)).toEqual([])
      expect(await words).toBe('')
    })

    it('by a signal is reported', async () => {
      const argv = fakeAgent({ do: 'crash', signal: 'SIGTERM' })
      const child = await start(launchOf(randomUUID()), await testFolder(), argv)
      const { code, killSignal } = await child.exit
      // bwrap reports the program's signal like a shell: 128 plus its number.
      expect(killSignal ?? code).toBe(name === 'the sandbox' ? 128 + 15 : 'SIGTERM')
    })
  })
}

/** Runs `dying-worker.ts`; a file may be left open in it as descriptor 200. */
function dyingWorker(
  marker: string,
  folder: string,
  { argv, open = 'ignore' }: { argv: readonly string[]; open?: number | 'ignore' },
): ChildProcess {
  const program = fileURLToPath(new URL('dying-worker.ts', import.meta.url))
  return spawn(process.execPath, [program, marker, folder, JSON.stringify(argv)], {
    stdio: ['ignore', 'pipe', 'inherit', ...Array<'ignore'>(197).fill('ignore'), open],
  })
}

describeNeeding(['bubblewrap'], 'a worker that is killed', () => {
  it('leaves nothing of its sandbox behind', async () => {
    const marker = randomUUID()
    const worker = dyingWorker(marker, await testFolder(), { argv: STUBBORN })
    if (worker.stdout === null) throw new Error('started without a pipe')
    await once(worker.stdout, 'data')
    expect(carriers(marker).length).toBeGreaterThan(1)
    worker.kill('SIGKILL')
    await once(worker, 'exit')
    const killed = performance.now()
    while (carriers(marker).length > 0 && performance.now() - killed < GONE_MS) await wait(5)
    expect(carriers(marker)).toEqual([])
  })
})

describeNeeding(['bubblewrap'], 'a file that was left open in the worker', () => {
  it('is not open in the sandbox', async () => {
    const folder = await testFolder()
    mkdirSync(join(folder, 'tree'))
    writeFileSync(join(folder, 'secret'), 'secret')
    const secret = openSync(join(folder, 'secret'), 'r')
    const argv = ['sh', '-c', 'cat /proc/self/fd/200; echo read']
    const worker = dyingWorker(randomUUID(), join(folder, 'tree'), { argv, open: secret })
    closeSync(secret)
    if (worker.stdout === null) throw new Error('started without a pipe')
    expect(await text(worker.stdout)).toBe('read\n')
  })
})

describeNeeding(['bubblewrap'], 'the price of the sandbox', () => {
  it('is printed beside the same program without one', async () => {
    const folder = await testFolder()
    const timed = async (launch: Launch): Promise<number> => {
      const times: number[] = []
      for (let run = 0; run < 9; run += 1) {
        const started = performance.now()
        await (
          await start(launch, folder, ['true'])
        ).exit
        times.push(performance.now() - started)
      }
      return times.toSorted((one, other) => one - other)[4] ?? 0
    }
    const [bare, confined] = [
      await timed(unconfined({ marker: randomUUID(), log: silentLog })),
      await timed(testSandbox()),
    ]
    console.log(`true: ${bare.toFixed(1)} ms bare, ${confined.toFixed(1)} ms in the sandbox`)
    expect(await inSandbox('true', { cwd: folder })).toMatchObject({ code: 0 })
  })
})
