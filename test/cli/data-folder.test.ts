import { existsSync } from 'node:fs'
import { open, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cliInEmptyHome } from '../support/cli.ts'

describe('a data folder that cannot be used', () => {
  it('is said to be damaged when its ledger is, with the way back, and the doctor sees it', async () => {
    const cli = await cliInEmptyHome()
    await (await cli.startHub()).stop()
    const ledger = await open(join(cli.data, 'ledger.db'), 'r+')
    await ledger.write(Buffer.alloc(3000, 'x'), 0, 3000, 0)
    await ledger.close()
    const { code, stderr } = await cli.run(['up', '--port', '0', '--sandbox', 'none'])
    expect(code).toBe(9)
    expect(stderr).toMatch(/ledger\.db is damaged[^]*millwright -- restore <backup>/)
    const doctor = await cli.run(['doctor', '--sandbox', 'none'])
    expect(doctor.code).toBe(9)
    expect(doctor.stdout).toMatch(/failure +ledger .*is damaged.*restore/)
  })

  it('is said to be no folder when it is a file', async () => {
    const cli = await cliInEmptyHome()
    const file = join(cli.home, 'file')
    await writeFile(file, '')
    const { code, stderr } = await cli.run(['up', '--data', file])
    expect(code).toBe(9)
    expect(stderr).toContain(`The data folder ${file} is not a folder`)
  })

  it('is not backed up when it holds no ledger, and no folder is made for that', async () => {
    const cli = await cliInEmptyHome()
    const target = join(cli.home, 'backup')
    const { code, stderr } = await cli.run(['backup', target, '--data', join(cli.home, 'nowhere')])
    expect(code).toBe(9)
    expect(stderr).toMatch(/There is no ledger in .*nowhere/)
    expect(existsSync(target)).toBe(false)
  })

  it('is not backed up into a folder that holds something', async () => {
    const cli = await cliInEmptyHome()
    await (await cli.startHub()).stop()
    const { code, stderr } = await cli.run(['backup', cli.home])
    expect(code).toBe(8)
    expect(stderr).toMatch(/is not empty[^]*Choose a backup folder that is empty/)
  })
})

describe('a data folder that is deleted under a running program', () => {
  it.each([
    ['a hub', ['hub']],
    ['a hub and a worker', ['up', '--sandbox', 'none']],
  ])('ends %s with an error that says so', async (_, command) => {
    const cli = await cliInEmptyHome()
    const hub = cli.start([...command, '--port', '0'])
    await hub.printed(/next: /)
    await rm(cli.data, { recursive: true })
    const { code, stderr } = await hub.end
    expect(code).toBe(9)
    // The worker of `up` may notice it first; its own folder is inside.
    expect(stderr).toContain(`The data folder ${cli.data}`)
    expect(stderr).toContain('was deleted or replaced while this program was using it')
    expect(stderr).not.toContain('bug')
  })
})

describe('a data folder that cannot be made', () => {
  it('is named in the error, and the program ends', async () => {
    const cli = await cliInEmptyHome()
    const { code, stderr } = await cli.run(['up', '--data', '/proc/foo', '--sandbox', 'none'])
    expect(code).toBe(9)
    expect(stderr).toContain('The ledger in /proc/foo cannot be opened: it does not exist.')
  })
})
