import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { z } from 'zod'
import { newJobId } from '../../src/domain/id.ts'
import type { Fence } from '../../src/domain/lease.ts'
import { type Gateway, startGateway } from '../../src/gateway/gateway.ts'
import type { Script } from '../../src/gateway/script.ts'
import { GatewaySettings } from '../../src/gateway/settings.ts'
import { silentLog } from '../../src/platform/log.ts'
import { tempFolder } from './temp-folder.ts'

/** A gateway that is stopped when the test ends. */
export async function aGateway(settings: z.input<typeof GatewaySettings>): Promise<Gateway> {
  const gateway = await startGateway(GatewaySettings.parse(settings), silentLog)
  onTestFinished(() => gateway[Symbol.asyncDispose]())
  return gateway
}

export const aFence = (): Fence => ({ jobId: newJobId(Date.now(), randomBytes), attempt: 1 })

/** A file with a model script. */
export async function aScript(script: z.input<typeof Script>): Promise<string> {
  const path = join(await tempFolder(), 'model.json')
  await writeFile(path, JSON.stringify(script))
  return path
}

/** A model server with the given handler, closed when the test ends. */
export async function aModelServer(
  answer: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>,
): Promise<string> {
  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('not listening')
  return `http://127.0.0.1:${address.port}`
}

/** The whole body of a request or an answer. */
export async function textOf(stream: AsyncIterable<unknown>): Promise<string> {
  let text = ''
  for await (const piece of stream) text += String(piece)
  return text
}
