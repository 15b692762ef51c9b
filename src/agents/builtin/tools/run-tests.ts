import { tool } from 'ai'
import { z } from 'zod'
import { run, resultText } from './run.ts'

const TEST_MS_MAX = 20 * 60_000

/** Runs the repository's tests with the command named in the job. */
export const runTestsTool = (root: string, test: readonly [string, ...string[]]) =>
  tool({
    description: `Runs the tests of the repository: ${test.join(' ')}`,
    inputSchema: z.object({}),
    execute: async (_, { abortSignal }) =>
      resultText(await run(test, { cwd: root, timeoutMs: TEST_MS_MAX }, abortSignal)),
  })
