import type { Server } from 'node:http'
import { AppError } from '../domain/errors.ts'
import { systemClock } from '../platform/clock.ts'
import { type IpcCall, NumberedCall, type IpcReply } from './ipc.ts'
import { Doors } from './doors.ts'
import { Recorder } from './recording.ts'
import { replaySource } from './replay.ts'
import { gatewayServer } from './server.ts'
import type { GatewaySettings } from './settings.ts'
import { withRest } from './rest.ts'
import { upstreamSource } from './upstream.ts'

// The gateway process is the only process that uses the model keys, which it receives over the IPC
// channel. It exits when that channel closes, so it never outlives its worker. It ignores SIGINT
// and SIGTERM, which Ctrl-C or a service manager may send to the whole process group: the worker
// stops the gateway itself, after its last attempt has ended.

type Started = {
  readonly doors: Doors
  readonly recorder: Recorder | null
  readonly server: Server
  readonly port: number
}
let started: Started | null = null

process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})
process.on('disconnect', () => process.exit())
process.on('message', (message) => void answer(message))

async function answer(message: unknown): Promise<void> {
  const { id, call } = NumberedCall.parse(message)
  try {
    send(await perform(id, call))
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    send({ type: 'refused', id, code: error.code, message: error.message })
  }
  if (call.type === 'stop') process.disconnect()
}

async function perform(id: number, call: IpcCall): Promise<IpcReply> {
  if (call.type === 'start') {
    started = await start(call.settings, call.port)
    return { type: 'listening', id, port: started.port }
  }
  if (started === null)
    throw new Error(`the gateway process received a "${call.type}" call before "start"`)
  const { doors } = started
  if (call.type === 'usage') {
    const door = doors.get(call.token)
    const refusal = door?.refusal ?? null
    const answered = [...(door?.answered ?? [])]
    return { type: 'used', id, usage: door?.meter.usage ?? null, refusal, answered }
  }
  if (call.type === 'close') {
    const usage = await doors.close(call.token)
    return { type: 'used', id, usage, refusal: null, answered: [] }
  }
  if (call.type === 'open') doors.open(call.token, call.ordinal, call.usage)
  else await stop(started)
  return { type: 'done', id }
}

async function start(settings: GatewaySettings, port: number): Promise<Started> {
  const { replay, record } = settings
  const doors = new Doors()
  const recorder = record === null ? null : new Recorder(record)
  const server = gatewayServer({
    doors,
    source:
      replay === null
        ? withRest(upstreamSource(settings), () => systemClock.monotonic())
        : await replaySource(replay, systemClock),
    recorder,
    now: () => systemClock.now(),
    onUsage: (token, usage) => send({ type: 'metered', token, usage }),
  })
  return { doors, recorder, server, port: await listen(server, port) }
}

async function stop({ server, recorder }: Started): Promise<void> {
  server.close()
  server.closeAllConnections()
  await recorder?.written
}

function listen(server: Server, port: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  server.once('error', (error) =>
    reject(
      new AppError(
        'port-taken',
        `Port ${port} on 127.0.0.1 is already in use by another program.`,
        { cause: error },
      ),
    ),
  )
  server.listen(port, '127.0.0.1', () => {
    const address = server.address()
    if (address !== null && typeof address === 'object') resolve(address.port)
  })
  return promise
}

function send(reply: IpcReply): void {
  if (process.connected) process.send?.(reply)
}
