import { randomBytes } from 'node:crypto'
import type { ModelDoor } from '../domain/agent.ts'
import { isAppError } from '../domain/errors.ts'
import type { Fence } from '../domain/lease.ts'
import type { Usage } from '../domain/outcome.ts'
import { systemClock } from '../platform/clock.ts'
import type { Logger } from '../platform/log.ts'
import type { IpcCall, IpcReply } from './ipc.ts'
import { ChildExited, GatewayChild } from './child.ts'
import { NOTHING_USED } from './meter.ts'
import type { Provider, Refusal } from './refusal.ts'
import type { GatewaySettings } from './settings.ts'

const RESTARTS_MAX = 5
const RESTARTS_WINDOW_MS = 60_000
const TOKEN_BYTES = 32
const STOP_GRACE_MS = 2000

/**
 * The worker's control over the gateway. The gateway is an HTTP proxy between agents and models. It
 * runs as a separate process, which holds the model keys and counts each attempt's usage.
 */
export type Gateway = {
  /**
   * Opens a door: one attempt's access to the models. Returns the door's URL and its token, which
   * is valid until `close`.
   */
  open(fence: Fence): Promise<ModelDoor>
  /** Returns the usage so far of the door with this token. */
  usage(token: string): Promise<Usage>
  /** Returns why the model failed to answer the door's last request; null if it did not fail. */
  refusal(token: string): Promise<Refusal | null>
  /** Returns the providers whose models have answered through the door. */
  answered(token: string): Promise<readonly Provider[]>
  /** Closes a door, aborts its requests in flight, and returns its total usage. */
  close(token: string): Promise<Usage>
  /** The process id; it changes after a restart. */
  readonly pid: number
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Starts the gateway on a free port of 127.0.0.1. Throws `script-invalid` or `file-unreadable` if
 * the replay file is unusable. If the gateway process dies, it is restarted on the same port and
 * its doors are reopened. After more than 5 deaths within a minute, every call rejects.
 */
export async function startGateway(settings: GatewaySettings, log: Logger): Promise<Gateway> {
  const gateway = new RunningGateway(settings, log)
  await gateway.started()
  return gateway
}

type OpenDoor = { readonly ordinal: number; usage: Usage }
type Used = {
  readonly usage: Usage
  readonly refusal: Refusal | null
  readonly answered: readonly Provider[]
}
type Started = { readonly child: GatewayChild; readonly port: number }

class RunningGateway implements Gateway {
  readonly #settings: GatewaySettings
  readonly #log: Logger
  readonly #doors = new Map<string, OpenDoor>()
  readonly #deaths: number[] = []
  #opened = 0
  #port = 0
  #stopping = false
  #child: GatewayChild
  #started: Promise<Started>

  constructor(settings: GatewaySettings, log: Logger) {
    this.#settings = settings
    this.#log = log
    this.#child = this.#newChild()
    this.#started = this.#start(this.#port)
  }

  get pid(): number {
    return this.#child.pid
  }

  async started(): Promise<void> {
    try {
      await this.#started
    } catch (error) {
      await this[Symbol.asyncDispose]()
      throw error
    }
  }

  async open(fence: Fence): Promise<ModelDoor> {
    const token = `mw_${randomBytes(TOKEN_BYTES).toString('base64url')}`
    const door = { ordinal: this.#opened, usage: NOTHING_USED }
    this.#opened += 1
    this.#doors.set(token, door)
    await this.#call({ type: 'open', token, ordinal: door.ordinal, usage: door.usage })
    const { port } = await this.#started
    this.#log.debug({ job: fence.jobId, attempt: fence.attempt }, 'door opened')
    return { baseUrl: `http://127.0.0.1:${port}`, token }
  }

  async usage(token: string): Promise<Usage> {
    return (await this.#used({ type: 'usage', token })).usage
  }

  async refusal(token: string): Promise<Refusal | null> {
    return (await this.#used({ type: 'usage', token })).refusal
  }

  async answered(token: string): Promise<readonly Provider[]> {
    return (await this.#used({ type: 'usage', token })).answered
  }

  async close(token: string): Promise<Usage> {
    const { usage } = await this.#used({ type: 'close', token })
    this.#doors.delete(token)
    return usage
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true
    await this.#child.stop(STOP_GRACE_MS)
  }

  async #used(call: Extract<IpcCall, { token: string }>): Promise<Used> {
    const reply = await this.#call(call)
    if (reply.type !== 'used' || reply.usage === null)
      throw new Error('the gateway has no open door with this token')
    return { usage: reply.usage, refusal: reply.refusal, answered: reply.answered }
  }

  /**
   * Sends a call to the gateway process. If the process dies before it replies, sends the call
   * again after the restart. This is safe because all calls are idempotent.
   */
  async #call(call: IpcCall): Promise<IpcReply> {
    for (;;) {
      try {
        const { child } = await this.#started
        return await child.call(call)
      } catch (error) {
        if (!(error instanceof ChildExited) || this.#stopping) throw error
      }
    }
  }

  #newChild(): GatewayChild {
    const onUsage = (token: string, usage: Usage): void => {
      const door = this.#doors.get(token)
      if (door !== undefined) door.usage = usage
    }
    return new GatewayChild(onUsage, (lastWords) => this.#onExit(lastWords))
  }

  async #start(port: number): Promise<Started> {
    const child = this.#child
    const settings = this.#settings
    const reply = await child.call({ type: 'start', settings, port })
    if (reply.type !== 'listening')
      throw new Error(
        `the gateway process replied "${reply.type}" to "start" instead of "listening"`,
      )
    for (const [token, { ordinal, usage }] of this.#doors) {
      await child.call({ type: 'open', token, ordinal, usage })
    }
    this.#port = reply.port
    return { child, port: reply.port }
  }

  #onExit(lastWords: string): void {
    if (this.#stopping) return
    const now = systemClock.monotonic()
    this.#deaths.push(now)
    const recent = this.#deaths.filter((at) => now - at < RESTARTS_WINDOW_MS)
    this.#log.warn({ lastWords, deaths: recent.length }, 'the gateway process died')
    // Requests in flight when the process died were not counted, so the total cost is unknown.
    for (const door of this.#doors.values()) {
      door.usage = { ...door.usage, costUsd: 'unknown' }
    }
    this.#started = recent.length > RESTARTS_MAX ? died(lastWords) : this.#restart()
    // Every call awaits this promise, so every call reports a failed restart. Without this line, a
    // restart that fails while no call is waiting would crash the worker (unhandled rejection).
    this.#started.catch(() => {})
  }

  async #restart(): Promise<Started> {
    this.#child = this.#newChild()
    try {
      return await this.#start(this.#port)
    } catch (error) {
      if (!isAppError(error, 'port-taken')) throw error
      this.#log.warn(
        { port: this.#port },
        'another program now uses the gateway’s port; running agents can no longer reach their model',
      )
      return await this.#start(0)
    }
  }
}

const died = async (lastWords: string): Promise<Started> => {
  throw new Error(
    `the gateway process died more than ${RESTARTS_MAX} times within a minute: ${lastWords}`,
  )
}
