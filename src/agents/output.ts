import type { Readable } from 'node:stream'
import type { AgentIo } from '../domain/agent.ts'

/** The maximum number of characters kept from the end of the output, for a summary or an error. */
const LAST_WORDS_MAX = 4096

/** Forwards raw output as updates and keeps its last part. */
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

  /** The last part of the output so far, trimmed. */
  get lastWords(): string {
    return this.#end.trim()
  }
}
