import { fileURLToPath } from 'node:url'
import { entryEnvironment, entryProgram } from '../../platform/entry-program.ts'
import { type Spawned, spawnPiped } from '../../platform/spawn.ts'

const STDERR_CHARS_MAX = 4096

/**
 * A guard process that kills the attempts' processes if this worker process dies. The guard notices
 * every kind of death, because the kernel then closes the pipe between the worker and the guard.
 * The guard finds processes by their markers. A child gets its marker at exec. Between fork and
 * exec, the child itself holds the pipe open. When the guard sees the end of the pipe, every child
 * therefore has a marker.
 */
export class Guard {
  readonly #process: Spawned['process']
  readonly #failed = Promise.withResolvers<never>()
  #stderr = ''

  private constructor(process: Spawned['process']) {
    this.#process = process
    process.stdout.resume()
    process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_CHARS_MAX)
    })
    process.once('close', (code, killSignal) => {
      const end = code === null ? `was killed by ${killSignal}` : `exited with code ${code}`
      this.#failed.reject(new Error(`the guard process ${end}: ${this.#stderr}`))
    })
    this.failed.catch(() => {})
  }

  static async start(): Promise<Guard> {
    const entry = fileURLToPath(entryProgram('worker/guard/main'))
    // `spawnPiped` starts a new session, so that Ctrl-C in a terminal does not reach the guard.
    const spawned = await spawnPiped([process.execPath, entry], {
      cwd: '/',
      env: { ...entryEnvironment() },
    })
    return new Guard(spawned.process)
  }

  /** Rejects when the guard process has exited. */
  get failed(): Promise<never> {
    return this.#failed.promise
  }

  /**
   * Runs work whose processes carry one of these markers. If this worker process dies before the
   * work ends, the guard kills the processes.
   */
  async during<Value>(markers: readonly string[], work: () => Promise<Value>): Promise<Value> {
    this.#send('+', markers)
    try {
      return await work()
    } finally {
      this.#send('-', markers)
    }
  }

  /**
   * Makes the guard kill the processes of any work that is still running. Resolves when the guard
   * has exited.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.stdin.end()
    await this.failed.catch(() => {})
  }

  #send(sign: '+' | '-', markers: readonly string[]): void {
    // Once written, a line stays in the pipe even if this process dies immediately afterwards.
    this.#process.stdin.write(markers.map((marker) => `${sign}${marker}\n`).join(''))
  }
}
