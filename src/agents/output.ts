import type { Readable } from 'node:stream'
import type { AgentIo } from '../domain/agent.ts'

/** How much of the end is remembered for a summary or an error. */
const LAST_WORDS_MAX = 4096

/** Passes raw output on as updates and remembers how it ends. */
export class RawOutput {
  readonly #stream: 'stdout' | 'stderr'
  readonly #onUpdate: AgentIo['onUpdate']
  #end = ''

  constructor(stream: 'stdout' | 'stderr', onUpdate: AgentIo['onUpdate']) {
    this.#stream = stream
    this.#onUpdate = onUpdate
  }

  /** Reads a stream to its end. */
  async read(source: Readable): Promise<void> {
    source.setEncoding('utf8')
    for await (const chunk of source) {
      const text = String(chunk)
      this.#end = (this.#end + text).slice(-LAST_WORDS_MAX)
      this.#onUpdate({ type: 'output', stream: this.#stream, text })
    }
  }

  /** The last words so far. */
  get lastWords(): string {
    return this.#end.trim()
  }
}
