import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { lfsId } from '../../test/support/lfs-store.ts'
import { tempFolder } from '../../test/support/temp-folder.ts'
import { lfsIdsIn } from './lfs-changes.ts'

const line = (sign: string, text: string): string => `${sign}oid sha256:${lfsId(text)}\n`

it('finds the objects of added pointers in a patch, across chunk boundaries, but not of removed ones', async () => {
  const patch = join(await tempFolder(), 'patch')
  // So many pointers that chunks end at every position of some pointer.
  const names = Array.from({ length: 3000 }, (_, index) => `content ${index}`)
  const added = names.map((name) => `${' a line'.repeat(7)}\n${line('+', name)}`).join('')
  await writeFile(patch, `${line('-', 'gone')}${added}${line(' ', 'as before')}`)
  expect(await lfsIdsIn(patch)).toEqual(new Set(names.map(lfsId)))
})
