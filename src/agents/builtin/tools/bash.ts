import { tool } from 'ai'
import { z } from 'zod'
import { run, resultText } from './run.ts'

const inputSchema = z.object({
  command: z.string().min(1).describe('Run by bash in the repository, with an empty stdin'),
  seconds: z.int().min(1).max(600).default(120).describe('Timeout in seconds'),
})

export const bashTool = (root: string) =>
  tool({
    description:
      'Runs a shell command and returns its exit code and output. When the command exits, its background processes are killed.',
    inputSchema,
    execute: async ({ command, seconds }, { abortSignal }) =>
      resultText(
        await run(['bash', '-c', command], { cwd: root, timeoutMs: seconds * 1000 }, abortSignal),
      ),
  })
