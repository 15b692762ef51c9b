import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { startGate } from '../../test/support/gate.ts'
import { startTestHub } from '../../test/support/hub.ts'
import { aJob } from '../../test/support/jobs.ts'
import { tempFolder } from '../../test/support/temp-folder.ts'
import { HubClient } from '../protocol/client.ts'
import { readInputs } from './inputs.ts'
import { submitWithInputs } from './submit-with-inputs.ts'

const unwatched = () => ({ sent: () => {}, [Symbol.dispose]: () => {} })

/** A hub behind a gate that sees every request, and a folder of files to bring along. */
async function aSubmitter(texts: Readonly<Record<string, string>>) {
  await using opening = new AsyncDisposableStack()
  const hub = opening.use(await startTestHub())
  const gate = opening.use(await startGate(hub))
  const client = new HubClient({ url: gate.url, token: hub.adminToken })
  const folder = await tempFolder()
  for (const [name, text] of Object.entries(texts)) await writeFile(join(folder, name), text)
  const uploads = () => gate.seen.filter(({ line }) => line.startsWith('PUT')).length
  const open = opening.move()
  const dispose = () => open.disposeAsync()
  return { hub, gate, client, folder, uploads, [Symbol.asyncDispose]: dispose }
}

it('a submission uploads what the hub lacks, once for each content, and nothing that it has', async () => {
  await using test = await aSubmitter({ a: 'one', b: 'one', c: 'three' })
  const { hub, client, folder, uploads } = test
  const { inputs } = await readInputs(['.'], folder)
  let sent = 0
  let announced = 0
  const watch = (totalBytes: number) => {
    announced = totalBytes
    return { ...unwatched(), sent: (bytes: number) => void (sent += bytes) }
  }

  const first = await submitWithInputs(client, aJob(), inputs, watch)

  expect([uploads(), announced, sent]).toEqual([2, 8, 8])
  expect(await hub.ledger.inputs(first.answer.id)).toMatchObject([
    { name: 'a', size: 3 },
    { name: 'b', size: 3 },
    { name: 'c', size: 5 },
  ])

  await writeFile(join(folder, 'd'), 'four')
  const more = (await readInputs(['.'], folder)).inputs
  expect((await submitWithInputs(client, aJob(), more, watch)).status).toBe(201)
  expect([uploads(), announced, sent]).toEqual([3, 4, 12])
})

it('a submission without inputs is one request', async () => {
  await using test = await aSubmitter({})
  const { gate, client } = test
  expect((await submitWithInputs(client, aJob(), [], unwatched)).status).toBe(201)
  expect(gate.seen).toHaveLength(1)
})

it('a file that changed after it was read is an error that names it', async () => {
  await using test = await aSubmitter({ a: 'one' })
  const { client, folder } = test
  const { inputs } = await readInputs(['a'], folder)
  await writeFile(join(folder, 'a'), 'two')
  await expect(submitWithInputs(client, aJob(), inputs, unwatched)).rejects.toMatchObject({
    code: 'artifact-changed',
    message: `${join(folder, 'a')} changed while it was being uploaded`,
  })
})
