import { tool } from 'ai'
import { z } from 'zod'
import { run, told } from './run.ts'

const TEST_MS_MAX = 20 * 60_000

/** Runs the repository's tests, as the task says they are run. */
export const runTestsTool = (root: string, test: readonly [string, ...string[]]) =>
  tool({
    description: `Runs the tests of the repository: ${test.join(' ')}`,
    inputSchema: z.object({}),
    execute: async (_, { abortSignal }) =>
      told(await run(test, { cwd: root, timeoutMs: TEST_MS_MAX }, abortSignal)),
  })
