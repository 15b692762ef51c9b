import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { HubClient } from '../../src/protocol/client.ts'

const Ready = z.object({ url: z.string(), adminToken: z.string(), workerToken: z.string() })

/** A test hub in a separate process. */
export type HubProcess = AsyncDisposable & {
  readonly url: string
  readonly adminToken: string
  readonly admin: HubClient
  readonly worker: HubClient
  /** Resident memory in bytes, from its own metrics. */
  memory(): Promise<number>
}

export async function startHubProcess(): Promise<HubProcess> {
  const program = join(import.meta.dirname, 'hub-program.ts')
  const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const [line] = await once(createInterface(child.stdout), 'line')
  const { url, adminToken, workerToken } = Ready.parse(JSON.parse(String(line)))
  const admin = new HubClient({ url, token: adminToken })
  return {
    url,
    adminToken,
    admin,
    worker: new HubClient({ url, token: workerToken }),
    memory: async () => {
      const text = await (await admin.call('metrics', {})).text()
      return Number(/^process_resident_memory_bytes (\S+)$/m.exec(text)?.[1])
    },
    [Symbol.asyncDispose]: async () => {
      child.stdin.end()
      await exited
    },
  }
}
