import { type ChildProcess, fork } from 'node:child_process'
import { AppError, ERRORS, type ErrorCode } from '../domain/errors.ts'
import type { Usage } from '../domain/outcome.ts'
import { type IpcCall, IpcReply } from './ipc.ts'
import { entryEnvironment, entryProgram } from '../platform/entry-program.ts'

const LAST_WORDS_MAX = 4096

/**
 * Thrown if the gateway process exits before it replies. The caller can then send the call to the
 * process that replaces it.
 */
export class ChildExited extends Error {
  override readonly name = 'ChildExited'
}

type Waiting = { resolve(reply: IpcReply): void; reject(error: Error): void }

/** One gateway process and the calls to it. */
export class GatewayChild {
  readonly #process: ChildProcess
  readonly #waiting = new Map<number, Waiting>()
  readonly #ended = Promise.withResolvers<void>()
  #closed = false
  #calls = 0
  #lastWords = ''

  /**
   * @param onUsage called after each model response with the token of the door that received the
   * response, and with the total usage of that door so far
   * @param onExit called once the process has exited, with the last part of its stderr and its exit
   * code. After that, the pending calls reject.
   */
  constructor(onUsage: (token: string, usage: Usage) => void, onExit: (lastWords: string) => void) {
    this.#process = fork(entryProgram('gateway/main'), [], {
      env: { ...entryEnvironment() },
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-LAST_WORDS_MAX)
    })
    this.#process.on('message', (message) => {
      const reply = IpcReply.parse(message)
      if (reply.type === 'metered') onUsage(reply.token, reply.usage)
      else this.#settle(reply)
    })
    this.#process.once('close', (code, signal) => {
      this.#closed = true
      const words = `${this.#lastWords}(exit ${code ?? signal})`
      onExit(words)
      for (const waiting of this.#waiting.values()) waiting.reject(new ChildExited(words))
      this.#ended.resolve()
    })
  }

  get pid(): number {
    const { pid } = this.#process
    if (pid === undefined) throw new ChildExited('the gateway process did not start')
    return pid
  }

  /**
   * Sends a call and resolves with the reply. If the process refuses the call, rejects with the
   * AppError that the process named. Rejects with `ChildExited` if the process exits before it
   * replies.
   */
  async call(call: IpcCall): Promise<IpcReply> {
    const id = (this.#calls += 1)
    const { promise, resolve, reject } = Promise.withResolvers<IpcReply>()
    this.#waiting.set(id, { resolve, reject })
    // If the send fails, the process is exiting, and its `close` event will reject the call.
    if (this.#closed) reject(new ChildExited('the gateway process has exited'))
    else if (this.#process.connected) this.#process.send({ id, call }, () => {})
    const reply = await promise.finally(() => this.#waiting.delete(id))
    if (reply.type !== 'refused') return reply
    if (!isErrorCode(reply.code)) throw new Error(reply.message)
    throw new AppError(reply.code, reply.message)
  }

  /**
   * Asks the process to finish its writes and exit. Kills it if it is still running after `graceMs`
   * milliseconds. Resolves once it has exited.
   */
  async stop(graceMs: number): Promise<void> {
    const kill = setTimeout(() => this.#process.kill('SIGKILL'), graceMs)
    try {
      await this.call({ type: 'stop' })
    } catch (error) {
      if (!(error instanceof ChildExited)) throw error
    }
    await this.#ended.promise
    clearTimeout(kill)
  }

  #settle(reply: Exclude<IpcReply, { type: 'metered' }>): void {
    this.#waiting.get(reply.id)?.resolve(reply)
  }
}

const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(ERRORS, code)
