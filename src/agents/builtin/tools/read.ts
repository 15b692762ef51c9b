import { open } from 'node:fs/promises'
import { tool } from 'ai'
import { z } from 'zod'
import { confine } from './confine.ts'
import { shortened } from './head-and-tail.ts'
import { ToolFailed } from './tool-failed.ts'

const FILE_BYTES_MAX = 16 * 1024 * 1024

const inputSchema = z.object({
  path: z.string(),
  from: z.int().min(1).default(1).describe('Number of the first line to read'),
  lines: z.int().min(1).max(100_000).default(2000).describe('Number of lines to read'),
})

export const readTool = (root: string) =>
  tool({
    description: 'Reads a text file. The middle of a long file is omitted: read it in parts.',
    inputSchema,
    execute: async ({ path, from, lines }) => {
      const text = await readText(await confine(root, path), path)
      return shortened(
        text
          .split('\n')
          .slice(from - 1, from - 1 + lines)
          .join('\n'),
      )
    },
  })

/**
 * Reads a file as text. Throws `ToolFailed` if the path is not a regular file, the file is larger
 * than 16 MiB, or it contains a NUL byte.
 */
export async function readText(real: string, path: string): Promise<string> {
  await using file = await open(real, 'r')
  const { size } = await file.stat().then((stat) => {
    if (!stat.isFile()) throw new ToolFailed(`${path} is not a file`)
    return stat
  })
  if (size > FILE_BYTES_MAX)
    throw new ToolFailed(`${path} is too large: ${size} bytes; the limit is ${FILE_BYTES_MAX}`)
  const bytes = await file.readFile()
  if (bytes.includes(0)) throw new ToolFailed(`${path} is not a text file`)
  return bytes.toString('utf8')
}
