import { appendFile, readFile } from 'node:fs/promises'
import { z } from 'zod'
import { AppError } from '../domain/errors.ts'

/**
 * One recorded response. `door` and `place` say which request it answers; `body` holds its exact
 * bytes, in base64.
 */
export const Recorded = z.strictObject({
  door: z.int().min(0),
  place: z.int().min(0),
  dialect: z.string(),
  status: z.int().min(100).max(599),
  contentType: z.string(),
  body: z.base64(),
})
export type Recorded = z.infer<typeof Recorded>

/** Appends responses to a file, one per line. Throws file system errors. */
export class Recorder {
  readonly #path: string
  #written: Promise<void> = Promise.resolve()

  constructor(path: string) {
    this.#path = path
  }

  /** Resolves once all responses passed to `write` so far are in the file. */
  get written(): Promise<void> {
    return this.#written
  }

  write(answer: Recorded): Promise<void> {
    const line = `${JSON.stringify(answer)}\n`
    this.#written = this.#written.then(() => appendFile(this.#path, line, { mode: 0o600 }))
    return this.#written
  }
}

/**
 * Reads a recording. Returns the responses of each door, in the order of the requests. Throws
 * `script-invalid`, which names the line, or `file-unreadable`.
 */
export async function loadRecording(path: string): Promise<readonly (readonly Recorded[])[]> {
  const answers = (await readRecording(path))
    .split('\n')
    .flatMap((line, at) => (line.trim() === '' ? [] : [parseLine(path, line, at + 1)]))
  const doors = Map.groupBy(answers, ({ door }) => door)
  if (doors.size === 0) throw new AppError('script-invalid', `The recording ${path} is empty.`)
  return [...doors.entries()]
    .toSorted(([a], [b]) => a - b)
    .map(([, recorded]) => recorded.toSorted((a, b) => a.place - b.place))
}

async function readRecording(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new AppError('file-unreadable', `The recording ${path} cannot be read: ${why}`, {
      cause: error,
    })
  }
}

function parseLine(path: string, line: string, number: number): Recorded {
  try {
    return Recorded.parse(JSON.parse(line))
  } catch (error) {
    throw new AppError('script-invalid', `The recording ${path} is invalid at line ${number}.`, {
      cause: error,
    })
  }
}
