import type { Readable } from 'node:stream'
import { z } from 'zod'
import { Argv } from '../domain/argv.ts'
import { isAppError } from '../domain/errors.ts'
import type { Child } from '../domain/launch.ts'
import { StepFailed } from '../domain/stop.ts'
import type { Generate, GeneratorIo, GeneratorTask } from './generator.ts'
import { progressReader } from './progress.ts'

/** Time between SIGINT and SIGKILL, in milliseconds, in which the program can close its files. */
const GRACE_MS = 2000
/** A failure's detail includes the end of the output: at most this many characters. */
const OUTPUT_END_MAX = 2000

/** The name of this generator. */
export const COMMAND = 'command'

export const CommandChoice = z.strictObject({
  name: z.literal(COMMAND),
  run: Argv.describe('The program and its arguments. It runs in the folder for its output files'),
})
type CommandChoice = z.infer<typeof CommandChoice>

/**
 * Runs a program as a generator. docs/generate.md lists the program's environment variables. Exit
 * code 0 means success.
 */
export const commandGenerator =
  ({ run }: CommandChoice): Generate =>
  async (task, io, signal) => {
    signal.throwIfAborted()
    const child = await io
      .launch({
        argv: run,
        cwd: task.outputs,
        env: environment(task, io),
        writable: [task.outputs, task.home],
        readable: [task.inputs, ...(task.request === undefined ? [] : [task.requestFile])],
      })
      .catch((error: unknown) => {
        if (!isAppError(error, 'program-unstartable')) throw error
        throw new StepFailed('generator-failed', error.explanation)
      })
    const { ending, lastWords } = await untilEnd(child, task, io, signal)
    if (ending === null) return
    throw new StepFailed('generator-failed', `the generator ${ending}\n${lastWords}`.trim())
  }

/**
 * The program's environment variables. `launch` adds MILLWRIGHT_ATTEMPT, which marks the attempt's
 * processes so that they can be found.
 */
const environment = (task: GeneratorTask, { path }: GeneratorIo): Record<string, string> => ({
  PATH: path,
  HOME: task.home,
  LANG: 'C.UTF-8',
  MILLWRIGHT_INPUTS: task.inputs,
  MILLWRIGHT_OUTPUTS: task.outputs,
  MILLWRIGHT_JOB: task.jobId,
  ...(task.request === undefined ? {} : { MILLWRIGHT_REQUEST: task.requestFile }),
  ...(task.door === null
    ? {}
    : { MILLWRIGHT_MODEL_URL: task.door.baseUrl, MILLWRIGHT_MODEL_TOKEN: task.door.token }),
})

type End = {
  /** How the program failed, such as `exited with code 1`; null if the program succeeded. */
  readonly ending: string | null
  /** The end of the program's output. */
  readonly lastWords: string
}

async function untilEnd(
  child: Child,
  { request }: GeneratorTask,
  { onOutput, onProgress }: GeneratorIo,
  signal: AbortSignal,
): Promise<End> {
  const stop = () => void child.stop(GRACE_MS)
  signal.addEventListener('abort', stop, { once: true })
  const seeProgress = progressReader(onProgress)
  let lastWords = ''
  const hear = (text: string): void => {
    lastWords = (lastWords + text).slice(-OUTPUT_END_MAX)
    onOutput(text)
  }
  try {
    if (signal.aborted) stop()
    child.stdin.end(request === undefined ? '' : JSON.stringify(request))
    await Promise.all([
      forward(child.stdout, (text) => {
        hear(text)
        seeProgress(text)
      }),
      forward(child.stderr, hear),
    ])
    const { code, killSignal } = await child.exit
    signal.throwIfAborted()
    return {
      ending:
        code === 0
          ? null
          : code === null
            ? `was killed by ${killSignal}`
            : `exited with code ${code}`,
      lastWords,
    }
  } finally {
    signal.removeEventListener('abort', stop)
    // If reading the output failed, the program may still be running and must be stopped.
    await child.stop(0)
  }
}

async function forward(stream: Readable, onText: (text: string) => void): Promise<void> {
  stream.setEncoding('utf8')
  for await (const text of stream) onText(String(text))
}
