import { type ChildProcess, fork } from 'node:child_process'
import { AppError, ERRORS, type ErrorCode } from '../domain/errors.ts'
import type { Usage } from '../domain/outcome.ts'
import { type IpcCall, IpcReply } from './ipc.ts'
import { entryEnvironment, entryProgram } from '../platform/entry-program.ts'

const LAST_WORDS_MAX = 4096

/** The process is gone; what was asked of it may be asked of the next one. */
export class ChildGone extends Error {
  override readonly name = 'ChildGone'
}

type Waiting = { resolve(said: IpcReply): void; reject(error: Error): void }

/** One gateway process and the conversation with it. */
export class GatewayChild {
  readonly #process: ChildProcess
  readonly #waiting = new Map<number, Waiting>()
  readonly #ended = Promise.withResolvers<void>()
  #gone = false
  #calls = 0
  #lastWords = ''

  /**
   * @param onUsage told what a door has used, after each answer
   * @param onGone told when the process has ended by itself, before open calls are rejected
   */
  constructor(onUsage: (token: string, usage: Usage) => void, onGone: (lastWords: string) => void) {
    this.#process = fork(entryProgram('gateway/main'), [], {
      env: { ...entryEnvironment() },
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-LAST_WORDS_MAX)
    })
    this.#process.on('message', (message) => {
      const said = IpcReply.parse(message)
      if (said.type === 'metered') onUsage(said.token, said.usage)
      else this.#hear(said)
    })
    this.#process.once('close', (code, signal) => {
      this.#gone = true
      const words = `${this.#lastWords}(exit ${code ?? signal})`
      onGone(words)
      for (const waiting of this.#waiting.values()) waiting.reject(new ChildGone(words))
      this.#ended.resolve()
    })
  }

  get pid(): number {
    const { pid } = this.#process
    if (pid === undefined) throw new ChildGone('the gateway process did not start')
    return pid
  }

  /** Asks and waits. Rejects with the AppError it was refused with, or with `ChildGone`. */
  async call(call: IpcCall): Promise<IpcReply> {
    const id = (this.#calls += 1)
    const { promise, resolve, reject } = Promise.withResolvers<IpcReply>()
    this.#waiting.set(id, { resolve, reject })
    // A send that fails means the process is ending: `close` follows and rejects.
    if (this.#gone) reject(new ChildGone('the gateway process has ended'))
    else if (this.#process.connected) this.#process.send({ id, call }, () => {})
    const said = await promise.finally(() => this.#waiting.delete(id))
    if (said.type !== 'refused') return said
    if (!isErrorCode(said.code)) throw new Error(said.message)
    throw new AppError(said.code, said.message)
  }

  /** Lets it finish what it writes, at most `graceMs`, then kills it; resolves when it is gone. */
  async stop(graceMs: number): Promise<void> {
    const kill = setTimeout(() => this.#process.kill('SIGKILL'), graceMs)
    try {
      await this.call({ type: 'stop' })
    } catch (error) {
      if (!(error instanceof ChildGone)) throw error
    }
    await this.#ended.promise
    clearTimeout(kill)
  }

  #hear(said: Exclude<IpcReply, { type: 'metered' }>): void {
    this.#waiting.get(said.id)?.resolve(said)
  }
}

const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(ERRORS, code)
