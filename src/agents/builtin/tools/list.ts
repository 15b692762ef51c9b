import { opendir } from 'node:fs/promises'
import { tool } from 'ai'
import { z } from 'zod'
import { confine } from './confine.ts'

const ENTRIES_MAX = 1000
const SKIPPED = new Set(['.git', 'node_modules'])

const inputSchema = z.object({
  path: z.string().default('.'),
  deep: z.boolean().default(false).describe('List subfolders too, except .git and node_modules'),
})

export const listTool = (root: string) =>
  tool({
    description: 'Lists the entries of a folder. The names of folders end in a slash.',
    inputSchema,
    execute: async ({ path, deep }) => {
      const folder = await confine(root, path)
      const entries: string[] = []
      for await (const entry of walk(folder, deep)) {
        entries.push(entry.slice(root.length + 1))
        if (entries.length > ENTRIES_MAX) break
      }
      const shown = entries.slice(0, ENTRIES_MAX).toSorted().join('\n')
      return entries.length > ENTRIES_MAX ? `${shown}\n[more than ${ENTRIES_MAX} entries]` : shown
    },
  })

/** Yields the paths of a folder's entries. Includes symbolic links, but does not follow them. */
async function* walk(folder: string, deep: boolean): AsyncGenerator<string> {
  for await (const entry of await opendir(folder)) {
    const path = `${folder}/${entry.name}`
    yield entry.isDirectory() ? `${path}/` : path
    if (deep && entry.isDirectory() && !SKIPPED.has(entry.name)) yield* walk(path, deep)
  }
}
