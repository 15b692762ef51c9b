import { fileURLToPath } from 'node:url'
import { entryEnvironment, entryProgram } from '../../platform/entry-program.ts'
import { type Spawned, spawnPiped } from '../../platform/spawn.ts'

const LAST_WORDS_MAX = 4096

/**
 * A process that outlives this one for a moment: when this one is gone, it ends what the attempts
 * left running. The kernel closes the pipe between the two in any case, so no way to die escapes it;
 * and a child that has not become its program yet still holds the pipe, so none is overlooked.
 */
export class Guard {
  readonly #process: Spawned['process']
  readonly #failed = Promise.withResolvers<never>()
  #lastWords = ''

  private constructor(process: Spawned['process']) {
    this.#process = process
    process.stdout.resume()
    process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-LAST_WORDS_MAX)
    })
    process.once('close', (code, killSignal) => {
      const end = `the guard process ended with ${code ?? killSignal}: ${this.#lastWords}`
      this.#failed.reject(new Error(end))
    })
    this.failed.catch(() => {})
  }

  static async start(): Promise<Guard> {
    const entry = fileURLToPath(entryProgram('worker/guard/main'))
    // In a session of its own, so that an interrupt from a terminal does not reach it.
    const spawned = await spawnPiped([process.execPath, entry], {
      cwd: '/',
      env: { ...entryEnvironment() },
    })
    return new Guard(spawned.process)
  }

  /** Rejects when the process has ended. */
  get failed(): Promise<never> {
    return this.#failed.promise
  }

  /**
   * Does work whose processes carry one of these marks. Should this process die meanwhile, the
   * guard ends them.
   */
  async during<Value>(marks: readonly string[], work: () => Promise<Value>): Promise<Value> {
    this.#say('+', marks)
    try {
      return await work()
    } finally {
      this.#say('-', marks)
    }
  }

  /** Ends the guard, and what is still at work; resolves when both are gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.stdin.end()
    await this.failed.catch(() => {})
  }

  #say(sign: '+' | '-', marks: readonly string[]): void {
    // Written at once: the pipe holds it even when this process dies in the next moment.
    this.#process.stdin.write(marks.map((mark) => `${sign}${mark}\n`).join(''))
  }
}
