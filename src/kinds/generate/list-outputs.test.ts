import { chmod, mkdir, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { tempFolder } from '../../../test/support/temp-folder.ts'
import { listOutputs } from './list-outputs.ts'

const live = new AbortController().signal

/** Makes a sparse file of this size, which uses no disk space. */
async function sparse(file: string, bytes: number): Promise<void> {
  await writeFile(file, '')
  await truncate(file, bytes)
}

describe('the files that a generator wrote', () => {
  it('are listed by name, even those without permissions', async () => {
    const folder = await tempFolder()
    await mkdir(join(folder, 'b'))
    await writeFile(join(folder, 'b', 'inner'), '12', { mode: 0 })
    await writeFile(join(folder, 'a'), '1')
    await chmod(join(folder, 'b'), 0)
    await chmod(folder, 0o500)

    const { files, leftOut } = await listOutputs(folder, live)

    expect(files).toEqual([
      { name: 'a', file: join(folder, 'a'), size: 1 },
      { name: 'b/inner', file: join(folder, 'b', 'inner'), size: 2 },
    ])
    expect(leftOut).toBeNull()
  })

  it('are too large when one of them or all of them together are', async () => {
    const one = await tempFolder()
    await sparse(join(one, 'huge'), 5 * 1024 ** 3 + 1)
    await expect(listOutputs(one, live)).rejects.toMatchObject({
      reason: 'outputs-too-large',
      detail: 'huge is larger than 5.4 GB',
    })
    const all = await tempFolder()
    for (const name of ['a', 'b', 'c', 'd', 'e']) await sparse(join(all, name), 5 * 1024 ** 3)
    await expect(listOutputs(all, live)).rejects.toMatchObject({
      reason: 'outputs-too-large',
      detail: 'all files together are larger than 21.5 GB',
    })
  })

  it('are left out, with a note, when their names are not UTF-8', async () => {
    const folder = await tempFolder()
    const latin1 = (name: string) => Buffer.from(join(folder, name), 'latin1')
    await mkdir(latin1('caf\xe9'))
    await writeFile(latin1('caf\xe9/inner'), '1')
    await writeFile(latin1('caf\xe9.txt'), '1')
    await writeFile(join(folder, 'plain'), '1')

    const { files, leftOut } = await listOutputs(folder, live)

    expect(files.map(({ name }) => name)).toEqual(['plain'])
    expect(leftOut).toContain('"caf\ufffd" (not a valid artifact name)')
    expect(leftOut).toContain('"caf\ufffd.txt" (not a valid artifact name)')
  })

  it('are counted when many are left out, and the first of them named', async () => {
    const folder = await tempFolder()
    for (let index = 0; index < 30; index += 1)
      await writeFile(join(folder, `.hidden-${index}`), '')
    const { leftOut } = await listOutputs(folder, live)
    expect(leftOut?.match(/"\.hidden-\d+" \(not a valid artifact name\)/g)).toHaveLength(20)
    expect(leftOut).toContain(' and 10 more.')
  })

  it('are not read when their folder was removed or replaced', async () => {
    const folder = join(await tempFolder(), 'outputs')
    await symlink('/etc', folder)
    await expect(listOutputs(folder, live)).rejects.toMatchObject({ reason: 'generator-failed' })
    await rm(folder)
    await expect(listOutputs(folder, live)).rejects.toMatchObject({ reason: 'generator-failed' })
  })
})
