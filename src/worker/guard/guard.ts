import { fileURLToPath } from 'node:url'
import { entryEnvironment, entryProgram } from '../../platform/entry-program.ts'
import { type Spawned, spawnPiped } from '../../platform/spawn.ts'

const STDERR_CHARS_MAX = 4096

/**
 * A process that kills the attempts' processes when this process dies. It notices every kind of death,
 * because the kernel closes the pipe between the two. It misses no process: a child that has forked
 * but not called exec yet, and so carries no marker, keeps the pipe open.
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
      const end = `the guard process ended with ${code ?? killSignal}: ${this.#stderr}`
      this.#failed.reject(new Error(end))
    })
    this.failed.catch(() => {})
  }

  static async start(): Promise<Guard> {
    const entry = fileURLToPath(entryProgram('worker/guard/main'))
    // In its own session, so that Ctrl-C in a terminal does not reach it.
    const spawned = await spawnPiped([process.execPath, entry], {
      cwd: '/',
      env: { ...entryEnvironment() },
    })
    return new Guard(spawned.process)
  }

  /** Rejects when the guard process has ended. */
  get failed(): Promise<never> {
    return this.#failed.promise
  }

  /**
   * Runs work whose processes carry one of these markers. If this process dies meanwhile, the guard
   * kills them.
   */
  async during<Value>(markers: readonly string[], work: () => Promise<Value>): Promise<Value> {
    this.#send('+', markers)
    try {
      return await work()
    } finally {
      this.#send('-', markers)
    }
  }

  /** Lets the guard kill the processes of work that still runs, and resolves when it has exited. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.stdin.end()
    await this.failed.catch(() => {})
  }

  #send(sign: '+' | '-', markers: readonly string[]): void {
    // Once written, the line stays in the pipe even if this process dies right after.
    this.#process.stdin.write(markers.map((marker) => `${sign}${marker}\n`).join(''))
  }
}
