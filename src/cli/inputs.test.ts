import { createHash } from 'node:crypto'
import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { tempFolder } from '../../test/support/temp-folder.ts'
import { readInputs } from './inputs.ts'

/** A folder with these files. */
async function folderWith(...names: readonly string[]): Promise<string> {
  const folder = await tempFolder()
  for (const name of names) {
    await mkdir(join(folder, name, '..'), { recursive: true })
    await writeFile(join(folder, name), `text of ${name}`)
  }
  return folder
}

describe('inputs from the command line', () => {
  it('are files by their own names and folders by their trees, with their digests', async () => {
    const folder = await folderWith('brief.md', 'photos/front.png', 'photos/more/back.png')

    const { inputs, skipped } = await readInputs(['photos', './brief.md'], folder)

    expect(inputs.map(({ name }) => name)).toEqual(['front.png', 'more/back.png', 'brief.md'])
    expect(inputs[2]).toEqual({
      name: 'brief.md',
      file: join(folder, 'brief.md'),
      size: 16,
      digest: createHash('sha256').update('text of brief.md').digest('hex'),
    })
    expect(skipped).toBeNull()
  })

  it('skip hidden files and symbolic links, and say so', async () => {
    const folder = await folderWith('kept', '.env', '.git/config', 'sub/.secret')
    await symlink('/etc/hostname', join(folder, 'link'))

    const { inputs, skipped } = await readInputs(['.'], folder)

    expect(inputs.map(({ name }) => name)).toEqual(['kept'])
    expect(skipped).toBe(
      'These files are not uploaded: .env (hidden), .git (hidden), link (symbolic link), sub/.secret (hidden)',
    )
  })

  it.each([
    ['.env', 'is hidden'],
    ['link', 'is a symbolic link'],
    ['two words', 'cannot be an input named "two words"'],
    ['big', 'has 5.4 GB; the maximum for an input is 5.4 GB'],
  ])('refuse the file %s, which %s', async (name, why) => {
    const folder = await folderWith('.env', 'two words', 'big')
    await symlink('/etc/hostname', join(folder, 'link'))
    await truncate(join(folder, 'big'), 5 * 1024 ** 3 + 1)
    await expect(readInputs([name], folder)).rejects.toMatchObject({
      code: 'usage-invalid',
      message: expect.stringContaining(why),
    })
  })

  it('refuse what is not there by name', async () => {
    await expect(readInputs(['nowhere'], await tempFolder())).rejects.toMatchObject({
      code: 'file-unreadable',
    })
  })

  it('refuse two files of one name, and a name that is a folder as well', async () => {
    const folder = await folderWith('a/same', 'b/same', 'c/same/inner')
    await expect(readInputs(['a', 'b'], folder)).rejects.toThrow(/two inputs are named \S/)
    await expect(readInputs(['a', 'c'], folder)).rejects.toThrow(
      'same name as the folder of another input',
    )
  })

  it('refuse more than a thousand files', async () => {
    const folder = await folderWith(...Array.from({ length: 1001 }, (_, index) => `many/${index}`))
    await expect(readInputs(['many'], folder)).rejects.toThrow('exceeds the limit of 1000 inputs')
  })
})
