import { tool } from 'ai'
import { z } from 'zod'
import { run, told } from './run.ts'

const inputSchema = z.object({
  command: z.string().min(1).describe('Run by bash in the repository; there is no input'),
  seconds: z.int().min(1).max(600).default(120).describe('Stopped after so long'),
})

/** Runs a shell command. */
export const bashTool = (root: string) =>
  tool({
    description:
      'Runs a shell command and says its exit code and output. What it leaves in the background is stopped when it ends.',
    inputSchema,
    execute: async ({ command, seconds }, { abortSignal }) =>
      told(
        await run(['bash', '-c', command], { cwd: root, timeoutMs: seconds * 1000 }, abortSignal),
      ),
  })
