import { EventEmitter, once } from 'node:events'
import type { IncomingHttpHeaders } from 'node:http'
import { AppError } from '../domain/errors.ts'
import type { ModelRefusal } from '../domain/agent.ts'
import type { Usage } from '../domain/outcome.ts'
import { Meter } from './meter.ts'

/** Enough for an agent with subagents. The bound matters because a request may take 64 MiB. */
const IN_FLIGHT_MAX = 16

/** An attempt's access to models; it closes when the attempt ends. */
export class Door {
  readonly token: string
  /** Its number in the order of opening, from 0. */
  readonly ordinal: number
  readonly meter: Meter
  /** How the model refused the last request; null when it answered. */
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

  /** Runs the work of one request; `close` waits for it. Throws `rate-limited` when too many run. */
  async during(work: () => Promise<void>): Promise<void> {
    if (this.#inFlight >= IN_FLIGHT_MAX) {
      throw new AppError('rate-limited', `At most ${IN_FLIGHT_MAX} model requests may run at once.`)
    }
    this.#inFlight += 1
    try {
      await work()
    } finally {
      this.#inFlight -= 1
      if (this.#inFlight === 0) this.#empty.emit('empty')
    }
  }

  /** Aborts all requests in flight, and resolves when their usage is counted. */
  async close(): Promise<void> {
    this.#closing.abort()
    if (this.#inFlight > 0) await once(this.#empty, 'empty')
  }
}

/** All open doors. */
export class Doors {
  readonly #doors = new Map<string, Door>()

  open(token: string, ordinal: number, usage: Usage): void {
    this.#doors.set(token, new Door(token, ordinal, new Meter(usage)))
  }

  /** null when it is not open. */
  get(token: string): Door | null {
    return this.#doors.get(token) ?? null
  }

  /** Closes a door and returns its usage; null when it is not open. */
  async close(token: string): Promise<Usage | null> {
    const door = this.#doors.get(token)
    this.#doors.delete(token)
    await door?.close()
    return door?.meter.usage ?? null
  }

  /** The door whose token a request sends as its key. Throws `door-closed`. */
  of(headers: IncomingHttpHeaders): Door {
    const key = keyIn(headers)
    if (key === null) throw new AppError('door-closed', 'The request has no key.')
    const door = this.#doors.get(key)
    if (door === undefined) {
      throw new AppError('door-closed', 'The key is not valid: its attempt has ended.')
    }
    return door
  }
}

/** OpenAI's clients send a bearer token, Anthropic's may send `x-api-key`. */
function keyIn(headers: IncomingHttpHeaders): string | null {
  const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1]
  const own = headers['x-api-key']
  return bearer ?? (typeof own === 'string' ? own : null)
}
