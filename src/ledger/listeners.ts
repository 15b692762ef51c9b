import type { Signal } from './port.ts'

/** The signals of one transaction, each once. */
export class Signals {
  readonly #byKey = new Map<string, Signal>()

  add(signal: Signal): void {
    this.#byKey.set(signal.kind === 'job' ? signal.jobId : signal.kind, signal)
  }

  get all(): readonly Signal[] {
    return [...this.#byKey.values()]
  }
}

/** Those who want to hear of commits. */
export class Listeners {
  readonly #listeners = new Set<(signal: Signal) => void>()

  /** @returns how to stop hearing */
  add(listener: (signal: Signal) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  tell(signals: readonly Signal[]): void {
    for (const signal of signals) for (const listen of this.#listeners) listen(signal)
  }
}
