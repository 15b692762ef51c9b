import { EventEmitter, once } from 'node:events'
import type { IncomingHttpHeaders } from 'node:http'
import { AppError } from '../domain/errors.ts'
import type { ModelRefusal } from '../domain/agent.ts'
import type { Usage } from '../domain/outcome.ts'
import { Meter } from './meter.ts'

/** Enough for an agent and its helpers; each request may hold 64 MiB. */
const IN_FLIGHT_MAX = 16

/** The way of one attempt to a model, as long as the attempt lives. */
export class Door {
  readonly token: string
  /** Its place in the order of opening, from 0. */
  readonly ordinal: number
  readonly meter: Meter
  /** How the model refused the last question; null when it answered. */
  refusal: ModelRefusal | null = null
  readonly #closing = new AbortController()
  readonly #empty = new EventEmitter()
  #inFlight = 0

  constructor(token: string, ordinal: number, meter: Meter) {
    this.token = token
    this.ordinal = ordinal
    this.meter = meter
  }

  /** Aborts when the door closes. */
  get signal(): AbortSignal {
    return this.#closing.signal
  }

  /** Works for one request, which `close` waits for. Throws `rate-limited` when there are too many. */
  async during(work: () => Promise<void>): Promise<void> {
    if (this.#inFlight >= IN_FLIGHT_MAX) {
      throw new AppError('rate-limited', `At most ${IN_FLIGHT_MAX} model requests run at a time.`)
    }
    this.#inFlight += 1
    try {
      await work()
    } finally {
      this.#inFlight -= 1
      if (this.#inFlight === 0) this.#empty.emit('empty')
    }
  }

  /** Breaks every answer that is still on its way, and resolves when all of them are counted. */
  async close(): Promise<void> {
    this.#closing.abort()
    if (this.#inFlight > 0) await once(this.#empty, 'empty')
  }
}

/** The doors that are open now. */
export class Doors {
  readonly #doors = new Map<string, Door>()

  open(token: string, ordinal: number, usage: Usage): void {
    this.#doors.set(token, new Door(token, ordinal, new Meter(usage)))
  }

  /** null when it is not open. */
  get(token: string): Door | null {
    return this.#doors.get(token) ?? null
  }

  /** What was used through it; null when it is not open. */
  async close(token: string): Promise<Usage | null> {
    const door = this.#doors.get(token)
    this.#doors.delete(token)
    await door?.close()
    return door?.meter.usage ?? null
  }

  /** The door whose token a request shows as its key. Throws `door-closed`. */
  of(headers: IncomingHttpHeaders): Door {
    const key = keyIn(headers)
    if (key === null) throw new AppError('door-closed', 'The request shows no key.')
    const door = this.#doors.get(key)
    if (door === undefined) {
      throw new AppError('door-closed', 'The key opens no door: its attempt has ended.')
    }
    return door
  }
}

/** Clients of one provider use a bearer token, those of the other a header of its own. */
function keyIn(headers: IncomingHttpHeaders): string | null {
  const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1]
  const own = headers['x-api-key']
  return bearer ?? (typeof own === 'string' ? own : null)
}
