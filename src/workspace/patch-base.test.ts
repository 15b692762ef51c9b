import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { tempFolder } from '../../test/support/temp-folder.ts'
import { addBase, baseOf } from './patch-base.ts'

const BASE = 'b'.repeat(40)
const PATCH = 'diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-a\n+b\n'

async function aPatch(text: string): Promise<string> {
  const file = join(await tempFolder(), 'change.patch')
  await writeFile(file, text)
  return file
}

describe('the base of a patch', () => {
  it('is its last line', async () => {
    const file = await aPatch(PATCH)
    await addBase(file, BASE)
    expect(await readFile(file, 'utf8')).toBe(`${PATCH}base-commit: ${BASE}\n`)
    expect(await baseOf(file)).toBe(BASE)
  })

  it('is not added to an empty patch', async () => {
    const file = await aPatch('')
    await addBase(file, BASE)
    expect(await readFile(file, 'utf8')).toBe('')
    expect(await baseOf(file)).toBeNull()
  })

  it.each([
    ['a patch without a base', PATCH],
    ['a patch whose last file contains such a line', `${PATCH}+base-commit: ${BASE}\n`],
    ['a base that is not the last line', `base-commit: ${BASE}\n${PATCH}`],
    ['a base with other text on its line', `${PATCH}base-commit: ${BASE} x\n`],
  ])('is unknown in %s', async (_, text) => {
    expect(await baseOf(await aPatch(text))).toBeNull()
  })
})
