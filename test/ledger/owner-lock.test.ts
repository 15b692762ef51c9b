import { randomBytes } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { JobId } from '../../src/domain/id.ts'
import { openSqliteLedger } from '../../src/ledger/sqlite/open.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { submitted } from '../conformance/ledger/bed.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { nextLine, startProgram } from './ledger-program.ts'

const open = (folder: string) =>
  openSqliteLedger({ folder, clock: systemClock, random: randomBytes })
const modeOf = async (path: string) => (await stat(path)).mode & 0o777

describe('the owner of a data folder', () => {
  it('a second opener is refused within two seconds, with the folder and the owner’s pid', async () => {
    const folder = await tempFolder()
    const owner = startProgram('hold-ledger.ts', folder)
    await nextLine(owner)
    const before = performance.now()

    await expect(open(folder)).rejects.toMatchObject({
      code: 'data-dir-busy',
      message: `The data folder ${folder} is in use by process ${owner.pid}.`,
      details: { folder, pid: owner.pid },
    })
    expect(performance.now() - before).toBeLessThan(2000)
  })

  it('a folder whose owner was killed is free at once', async () => {
    const folder = await tempFolder()
    const owner = startProgram('hold-ledger.ts', folder)
    await nextLine(owner)
    await owner.kill()
    await using ledger = await open(folder)
    expect(await readFile(join(folder, 'owner.pid'), 'utf8')).toBe(`${process.pid}\n`)
    expect(await ledger.counts()).toEqual([])
  })

  it('one process cannot own a folder twice, and being refused does not free it', async () => {
    const folder = await tempFolder()
    await using ledger = await open(folder)
    await expect(open(folder)).rejects.toMatchObject({ details: { pid: process.pid } })
    await expect(open(folder)).rejects.toMatchObject({ details: { pid: process.pid } })
    const other = startProgram('hold-ledger.ts', folder)
    expect(await nextLine(other)).toBe('data-dir-busy')
    expect(await submitted(ledger)).toBeDefined()
  })

  it('a closed ledger unlocks its folder and refuses calls', async () => {
    const folder = await tempFolder()
    const first = await open(folder)
    await first[Symbol.asyncDispose]()
    await expect(first.counts()).rejects.toMatchObject({ code: 'hub-stopping' })
    await using second = await open(folder)
    expect(await second.counts()).toEqual([])
  })

  it('nobody else can read the data', async () => {
    const folder = join(await tempFolder(), 'made', 'here')
    await using ledger = await open(folder)
    await submitted(ledger)
    expect(await modeOf(folder)).toBe(0o700)
    for (const name of ['ledger.db', 'ledger.db-wal', 'owner.db', 'owner.pid']) {
      expect(await modeOf(join(folder, name)), name).toBe(0o600)
    }
  })

  it('what was acknowledged before kill -9 is there afterwards', async () => {
    const folder = await tempFolder()
    const owner = startProgram('hold-ledger.ts', folder, 'submit')
    await nextLine(owner)
    const acknowledged: string[] = []
    while (acknowledged.length < 100) acknowledged.push(await nextLine(owner))
    await owner.kill()

    await using ledger = await open(folder)
    for (const id of acknowledged) {
      expect(await ledger.job(JobId.parse(id))).toMatchObject({ state: 'queued' })
    }
  })
})
