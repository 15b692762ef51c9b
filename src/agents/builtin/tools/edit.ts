import { writeFile } from 'node:fs/promises'
import { tool } from 'ai'
import { z } from 'zod'
import { confine } from './confine.ts'
import { readText } from './read.ts'
import { ToolFailed } from './tool-failed.ts'

const inputSchema = z.object({
  path: z.string(),
  old: z.string().min(1).describe('The text to replace, exactly as in the file'),
  new: z.string(),
  all: z
    .boolean()
    .default(false)
    .describe('Replace every occurrence; otherwise the text must occur exactly once'),
})

export const editTool = (root: string) =>
  tool({
    description:
      'Replaces text in a file. Unless `all` is true, the old text must occur exactly once: include enough of the text around it.',
    inputSchema,
    execute: async ({ path, old, new: replacement, all }) => {
      const real = await confine(root, path)
      const pieces = (await readText(real, path)).split(old)
      const found = pieces.length - 1
      if (found === 0)
        throw new ToolFailed(`the old text does not occur in ${path}; read the file again`)
      if (found > 1 && !all) {
        throw new ToolFailed(
          `the old text occurs ${found} times in ${path}; include more of the text around it`,
        )
      }
      await writeFile(real, pieces.join(replacement))
      return `replaced ${found} ${found === 1 ? 'occurrence' : 'occurrences'} in ${path}`
    },
  })
