import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32, deflateRawSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { prepareArchive } from '../../src/workspace/archive.ts'
import { gitSettings, patient } from '../support/repository.ts'
import { paxRecord, type TarEntry, tarOf } from '../support/tar-archive.ts'
import { tempFolder } from '../support/temp-folder.ts'

const LIMITS = { entries: 50, bytes: 10_000, nameBytes: 4_000 }

/** Prepares a workspace from these bytes; returns the refusal and the files outside the attempt. */
async function unpacked(bytes: Buffer) {
  const folder = await tempFolder()
  const file = join(folder, 'archive')
  await writeFile(file, bytes)
  const attempt = join(folder, 'attempt')
  await mkdir(attempt)
  const request = {
    folder: attempt,
    archive: { file },
    settings: gitSettings(folder),
    continues: null,
  }
  const preparing = prepareArchive(request, patient(), LIMITS)
  const failure: unknown = await preparing.then(
    () => null,
    (error: unknown) => error,
  )
  return { failure, tree: join(attempt, 'tree'), outside: (await readdir(folder)).toSorted() }
}

const OUTSIDE = ['archive', 'attempt', 'cache']

const file = (name: string | Buffer, body = 'x'): TarEntry => ({ name, body })
const link = (name: string, to: string): TarEntry => ({ name, type: '2', link: to })
const hard = (name: string, to: string): TarEntry => ({ name, type: '1', link: to })

describe('a hostile archive', () => {
  it.each<[string, string, readonly TarEntry[]]>([
    ['an absolute name', '"/etc/x" is an absolute path', [file('/etc/x')]],
    ['a name that goes up', '"a/../../x" points outside', [file('a/../../x')]],
    ['a folder that goes up', '"../x/" points outside', [{ name: '../x/', type: '5' }]],
    ['a link out', '"l" is a link to "../x", which points outside', [link('l', '../x')]],
    ['a link out of a folder', '"a/l" is a link to "../../x"', [link('a/l', '../../x')]],
    ['an absolute link', '"l" is a link to "/etc"', [link('l', '/etc')]],
    [
      'a link that goes up on its way',
      'has ".." after a folder name',
      [link('d', '.'), link('l', 'd/../x')],
    ],
    [
      'a file behind a link',
      '"l/x" conflicts with another entry: "l" is a folder in one entry and',
      [link('l', 'd'), file('l/x')],
    ],
    [
      'a link in the place of a folder',
      '"l" conflicts with another entry: "l" is a folder in one entry and',
      [file('l/x'), link('l', '.')],
    ],
    ['a hard link out', '"../x"', [hard('h', '../x')]],
    ['an absolute hard link', '"/etc/passwd" is an absolute path', [hard('h', '/etc/passwd')]],
    ['a hard link to a link', '"h" is a hard link to "l"', [link('l', 'x'), hard('h', 'l')]],
    ['a hard link to nothing', '"h" is a hard link to "x"', [hard('h', 'x'), file('x')]],
    ['a character device', '"dev" has type CharacterDevice', [{ name: 'dev', type: '3' }]],
    ['a block device', '"dev" has type BlockDevice', [{ name: 'dev', type: '4' }]],
    ['a pipe', '"pipe" has type FIFO', [{ name: 'pipe', type: '6' }]],
    ['a sparse file', '"s" has type SparseFile', [{ name: 's', type: 'S' }]],
    ['a type that nobody knows', '"u" has type Unsupported', [{ name: 'u', type: 'Z' }]],
    ['a file twice', '"./a" appears twice', [file('a'), file('./a')]],
    [
      'a file and a folder',
      '"a/b" conflicts with another entry: "a" is a folder in one entry and',
      [file('a'), file('a/b')],
    ],
    ['a name in two cases', '"A" differs from "a"', [file('a'), file('A')]],
    ['a folder in two cases', '"Img/b" differs from "img"', [file('img/a'), file('Img/b')]],
    ['a name in two forms', 'differs from', [file('\u00e9'), file('e\u0301')]],
    ['a git folder', '".git/config"', [file('.git/config')]],
    ['a git folder in capitals', '".GIT/config"', [file('.GIT/config')]],
    ['a git folder that HFS+ would see', 'git rejects the name', [file('.g\u200cit/config')]],
    ['a git folder that NTFS would see', '"git~1/config"', [file('git~1/config')]],
    ['a git folder with a dot', '".git./config"', [file('.git./config')]],
    ['a git stream', '".git::$INDEX_ALLOCATION/x"', [file('.git::$INDEX_ALLOCATION/x')]],
    ['a git folder deeper down', '"a/.git"', [file('a/.git')]],
    ['a link that is .gitmodules', '".gitmodules"', [link('.gitmodules', 'x')]],
    ['a backslash', 'contains a backslash', [file('..\\x')]],
    ['a link with a backslash', '"l" is a link', [link('l', '..\\x')]],
    ['a name that is not UTF-8', 'invalid UTF-8', [file(Buffer.from([0x61, 0xff]))]],
    ['a control character', 'control character', [file('a\nb')]],
    ['a file without a name', 'is not a file name', [file('./.')]],
    [
      'too many entries',
      'more than 50 entries',
      Array.from({ length: 51 }, (_, i) => file(`${i}`)),
    ],
    [
      'too many bytes in its names',
      'the names of its entries exceed 4000 bytes',
      Array.from({ length: 45 }, (_, i) => file(`${'n'.repeat(90)}${i}`)),
    ],
    [
      'too many bytes',
      '"b" makes the unpacked archive larger than 10000',
      [file('a', 'x'.repeat(9_999)), file('b', 'xx')],
    ],
    [
      'a size that is a lie',
      'archive larger than 10000 bytes',
      [{ name: 'a', size: 2 ** 32, body: 'x' }],
    ],
    [
      'hard links that multiply',
      '"h" makes the unpacked archive larger than',
      [file('a', 'x'.repeat(6_000)), hard('h', 'a')],
    ],
    [
      'folders too deep',
      'deeper than 64',
      [{ name: 'p', type: 'L', body: `${'d/'.repeat(65)}x\0` }, file('short')],
    ],
    [
      'a path too long',
      'longer than 1024',
      [{ name: 'p', type: 'L', body: `${`${'d'.repeat(200)}/`.repeat(6)}x\0` }, file('short')],
    ],
    [
      'a name too long',
      'longer than 255 bytes',
      [{ name: 'p', type: 'L', body: `${'n'.repeat(256)}\0` }, file('short')],
    ],
    [
      'a long name that goes up',
      '"../x" points outside',
      [{ name: 'p', type: 'x', body: paxRecord('path', '../x') }, file('harmless')],
    ],
    [
      'a long link that leads out',
      '"../x"',
      [{ name: 'p', type: 'x', body: paxRecord('linkpath', '../x') }, link('l', 'harmless')],
    ],
    [
      'a long header without an end',
      'ExtendedHeader',
      [{ name: 'p', type: 'x', body: 'x'.repeat(1024 * 1024 + 1) }, file('harmless')],
    ],
  ])('with %s is refused, and the entry is named', async (_name, words, entries) => {
    for (const bytes of [tarOf(...entries), gzipSync(tarOf(...entries))]) {
      const { failure, outside } = await unpacked(bytes)
      expect(failure).toMatchObject({
        reason: 'archive-invalid',
        detail: expect.stringContaining(words),
      })
      expect(outside).toEqual(OUTSIDE)
    }
  })

  it('that unpacks to far more than its size is refused early', async () => {
    const bomb = gzipSync(Buffer.concat([tarOf(file('a')), Buffer.alloc(64 * 1024 ** 2)]))
    expect(bomb.length).toBeLessThan(100_000)
    expect((await unpacked(bomb)).failure).toMatchObject({
      reason: 'archive-invalid',
      detail: expect.stringContaining('unpacks to more than'),
    })
    expect((await unpacked(gzipSync(gzipSync(tarOf(file('a')))))).failure).toMatchObject({
      detail: expect.stringContaining('compressed twice'),
    })
  })

  it('that first yields only one byte when unpacked is not unpacked twice', async () => {
    const archive = gzipSync(tarOf(file('a')))
    const flags = Buffer.from([0x1f, 0x8b, 8, 0x10, 0, 0, 0, 0, 0, 255])
    // The comment is as long as needed for the first chunk read to end one byte into the stored block.
    const comment = Buffer.alloc(64 * 1024 - flags.length - 7, 'c')
    const end = Buffer.alloc(8)
    end.writeUInt32LE(crc32(archive), 0)
    end.writeUInt32LE(archive.length, 4)
    const stored = deflateRawSync(archive, { level: 0 })
    const twice = Buffer.concat([flags, comment, Buffer.alloc(1), stored, end])
    expect((await unpacked(twice)).failure).toMatchObject({
      detail: expect.stringContaining('compressed twice'),
    })
  })

  it('gives git no command of its own, whatever its names and contents say', async () => {
    const command = 'x\nreset refs/heads/base\nfrom 0000000000000000000000000000000000000000\n\n'
    const name = 'M 100644 inline "q"'
    const { failure, tree } = await unpacked(
      tarOf(file(name, command), link('l', name), file('z', '')),
    )
    expect(failure).toBeNull()
    expect(await readFile(join(tree, name), 'utf8')).toBe(command)
    expect(await readFile(join(tree, 'l'), 'utf8')).toBe(command)
    expect(await readFile(join(tree, 'z'), 'utf8')).toBe('')
  })
})
