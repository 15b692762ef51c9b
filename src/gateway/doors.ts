import { EventEmitter, once } from 'node:events'
import type { IncomingHttpHeaders } from 'node:http'
import { AppError } from '../domain/errors.ts'
import type { Usage } from '../domain/outcome.ts'
import { Meter } from './meter.ts'
import type { Provider, Refusal } from './refusal.ts'

/**
 * The maximum number of unfinished requests of one door. It limits memory: one request takes up to
 * 64 MiB, so 16 take at most 1 GiB. 16 requests are enough for an agent with subagents.
 */
const IN_FLIGHT_MAX = 16

/**
 * One attempt's access to the models. It is opened for the attempt and closed when the attempt
 * ends.
 */
export class Door {
  readonly token: string
  /** How many doors were opened before this one. */
  readonly ordinal: number
  readonly meter: Meter
  /** Why the model failed to answer the last request; null if the model did not fail. */
  refusal: Refusal | null = null
  /** The providers whose models have answered through this door. */
  readonly answered = new Set<Provider>()
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

  /**
   * Runs the work of one request; `close` waits for that work. Throws `rate-limited` if the door
   * already has the maximum number of unfinished requests.
   */
  async during(work: () => Promise<void>): Promise<void> {
    if (this.#inFlight >= IN_FLIGHT_MAX) {
      throw new AppError(
        'rate-limited',
        `This attempt already has ${IN_FLIGHT_MAX} model requests in flight; wait until one finishes.`,
      )
    }
    this.#inFlight += 1
    try {
      await work()
    } finally {
      this.#inFlight -= 1
      if (this.#inFlight === 0) this.#empty.emit('empty')
    }
  }

  /** Aborts all requests in flight and resolves once their usage is counted. */
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

  /** Returns the door with this token, or null if it is not open. */
  get(token: string): Door | null {
    return this.#doors.get(token) ?? null
  }

  /** Closes a door and returns its usage, or null if the door was not open. */
  async close(token: string): Promise<Usage | null> {
    const door = this.#doors.get(token)
    this.#doors.delete(token)
    await door?.close()
    return door?.meter.usage ?? null
  }

  /**
   * Finds the door of a request. The request's API key is the token of its door. Throws
   * `door-closed` if the request has no key or if no open door has this token.
   */
  of(headers: IncomingHttpHeaders): Door {
    const key = keyIn(headers)
    if (key === null)
      throw new AppError(
        'door-closed',
        'The request has no API key: send the attempt’s token as the key.',
      )
    const door = this.#doors.get(key)
    if (door === undefined) {
      throw new AppError('door-closed', 'The API key is unknown, or its attempt has ended.')
    }
    return door
  }
}

/**
 * Returns the API key in the headers of a request. OpenAI's clients send the key as a bearer token;
 * Anthropic's clients can send it in `x-api-key` instead.
 */
function keyIn(headers: IncomingHttpHeaders): string | null {
  const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1]
  const own = headers['x-api-key']
  return bearer ?? (typeof own === 'string' ? own : null)
}
