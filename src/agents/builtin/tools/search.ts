import { relative } from 'node:path'
import { tool } from 'ai'
import { z } from 'zod'
import { confine } from './confine.ts'
import { run } from './run.ts'
import { ToolFailed } from './tool-failed.ts'

const SEARCH_MS_MAX = 30_000
/** Maximum number of matches per file. The total size is limited by `OUTPUT_BYTES_MAX`. */
const MATCHES_MAX = 50

const inputSchema = z.object({
  pattern: z.string().min(1).describe('An extended regular expression, as in grep -E'),
  path: z.string().default('.').describe('A folder or file to search'),
  files: z
    .string()
    .optional()
    .describe('Search only files whose names match this pattern, such as *.ts'),
})

export const searchTool = (root: string) =>
  tool({
    description: 'Finds matching lines in the text files of a folder. Skips .git and node_modules.',
    inputSchema,
    execute: async ({ pattern, path, files }, { abortSignal }) => {
      const inside = relative(root, await confine(root, path)) || '.'
      const { exitCode, output } = await run(
        [
          'grep',
          '-rnIE',
          `--max-count=${MATCHES_MAX}`,
          '--exclude-dir=.git',
          '--exclude-dir=node_modules',
          ...(files === undefined ? [] : [`--include=${files}`]),
          '-e',
          pattern,
          '--',
          inside,
        ],
        { cwd: root, timeoutMs: SEARCH_MS_MAX },
        abortSignal,
      )
      if (exitCode === 1) return 'no matches'
      if (exitCode !== 0) throw new ToolFailed(output)
      return output
    },
  })
