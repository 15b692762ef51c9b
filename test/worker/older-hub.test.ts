import { once } from 'node:events'
import { createServer } from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import { AppError } from '../../src/domain/errors.ts'
import { PROBLEM_TYPE, toProblem } from '../../src/protocol/problem.ts'
import { PROTOCOL } from '../../src/protocol/version.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { startTestWorker } from '../support/worker.ts'

const REFUSAL = 'body.worker: unknown key "offers"; did you mean slots?'

/** A hub that refuses every question for work as one it cannot read. */
async function startHubThatRefuses(health: object): Promise<string> {
  const server = createServer((request, response) => {
    if (request.url === '/livez') return response.end(JSON.stringify(health))
    const problem = toProblem(new AppError('request-invalid', REFUSAL))
    return response.writeHead(400, { 'content-type': PROBLEM_TYPE }).end(JSON.stringify(problem))
  })
  onTestFinished(() => void server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
}

/** How a worker ends that asks there for work. */
async function endAt(url: string): Promise<unknown> {
  const folder = await tempFolder()
  const { worker } = await startTestWorker({ url, workerToken: 'any' }, { folder })
  return await worker.done.catch((error: unknown) => error)
}

describe('a worker on a hub that cannot read its question', () => {
  it('says that the hub must be upgraded first when the hub is older', async () => {
    const url = await startHubThatRefuses({ status: 'ok', version: '0.0.9' })
    expect(await endAt(url)).toMatchObject({
      code: 'protocol-mismatch',
      message:
        `The hub is version 0.0.9 with protocol 1, but this worker is version 0.1.0 with protocol ` +
        `${PROTOCOL}. Upgrade the hub first.`,
    })
  })

  it('passes the refusal on when the hub is as new as itself', async () => {
    const url = await startHubThatRefuses({ status: 'ok', version: '0.1.0', protocol: PROTOCOL })
    expect(await endAt(url)).toMatchObject({ code: 'request-invalid', message: REFUSAL })
  })
})
