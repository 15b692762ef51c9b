import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { tool } from 'ai'
import { z } from 'zod'
import { confine } from './confine.ts'

const inputSchema = z.object({ path: z.string(), content: z.string() })

export const writeTool = (root: string) =>
  tool({
    description: 'Writes a file and creates missing folders. Replaces an existing file.',
    inputSchema,
    execute: async ({ path, content }) => {
      const real = await confine(root, path)
      await mkdir(dirname(real), { recursive: true })
      await writeFile(real, content)
      return `wrote ${path}`
    },
  })
