import { writeFile } from 'node:fs/promises'
import { tool } from 'ai'
import { z } from 'zod'
import { confine } from './confine.ts'
import { readText } from './read.ts'
import { ToolFailed } from './tool-failed.ts'

const inputSchema = z.object({
  path: z.string(),
  old: z.string().min(1).describe('The text to replace, exactly as it stands there'),
  new: z.string(),
  all: z
    .boolean()
    .default(false)
    .describe('Replace it everywhere; otherwise it must stand there once'),
})

/** Replaces a piece of a file. */
export const editTool = (root: string) =>
  tool({
    description:
      'Replaces a piece of text in a file. The old text must be unique: give enough of it.',
    inputSchema,
    execute: async ({ path, old, new: replacement, all }) => {
      const real = await confine(root, path)
      const pieces = (await readText(real, path)).split(old)
      const found = pieces.length - 1
      if (found === 0) throw new ToolFailed(`the old text does not stand in ${path}; read it again`)
      if (found > 1 && !all) {
        throw new ToolFailed(`the old text stands ${found} times in ${path}; give more of it`)
      }
      await writeFile(real, pieces.join(replacement))
      return `replaced ${found} in ${path}`
    },
  })
