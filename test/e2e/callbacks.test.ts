import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, it, onTestFinished } from 'vitest'
import { cliInEmptyHome, type Cli } from '../support/cli.ts'
import { describeNeeding } from '../support/needs.ts'
import { HANG } from '../support/serve-sink.ts'
import { startSink } from '../support/sink.ts'

const RECEIVER = join(import.meta.dirname, '..', '..', 'examples', 'callbacks', 'receiver.mjs')
const SUBMIT = ['submit', '--repo', 'https://git.example/app', '--json']

/** The sample receiver; its lines, the first of which says where it listens. */
async function startReceiver(secret: string) {
  const env = { CALLBACK_SECRET: secret, PORT: '0' }
  const child = spawn(process.execPath, [RECEIVER], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(async () => {
    child.kill('SIGKILL')
    if (child.exitCode === null) await once(child, 'exit')
  })
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const next = async (): Promise<string> => String((await lines.next()).value)
  return { next, port: Number(/\d+/.exec(await next())?.[0]) }
}

/** Submits a job with a callback and ends it; its id. */
async function endJob(cli: Cli, url: string): Promise<string> {
  const { stdout } = await cli.run([...SUBMIT, '--callback', url, 'Tell me'])
  const { id }: { id: string } = JSON.parse(stdout)
  await cli.run(['cancel', id])
  return id
}

describeNeeding(['patience'], 'a callback of a hub process', () => {
  it('reaches the sample receiver, signed with the secret of the data folder', async () => {
    const cli = await cliInEmptyHome()
    // Made at the first start; the second one keeps it.
    await (await cli.startHub()).stop()
    const file = join(cli.data, 'callback.secret')
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    const receiver = await startReceiver((await readFile(file, 'utf8')).trim())
    await cli.startHub(['--callback-allow', `127.0.0.1:${receiver.port}`])

    const id = await endJob(cli, `http://127.0.0.1:${receiver.port}/hook`)
    expect(await receiver.next()).toBe(`job.ended ${id} cancelled cancelled-by-request`)

    const { stdout } = await cli.run(['callbacks', id])
    expect(stdout).toMatch(/^msg_\S+ {2}3 ended {2}http:\/\/127\.0\.0\.1\S+ {2}delivered/)
    expect((await cli.run(['show', id])).stdout).toMatch(/callbacks\n {2}3 ended .* delivered/)
    const [delivery = ''] = stdout.split(' ')
    expect((await cli.run(['callbacks', 'resend', delivery])).stdout).toContain('sent again')
  })

  it('is told again under the same id when the hub was killed before it could note the answer', async () => {
    const cli = await cliInEmptyHome()
    const sink = await startSink()
    sink.answers(HANG, 204)
    const flags = ['--callback-allow', `127.0.0.1:${sink.port}`]
    const first = await cli.startHub(flags)
    await endJob(cli, sink.url)
    await sink.count(1)
    await first.stop('SIGKILL')

    await cli.startHub(flags)
    const [one, two] = await sink.count(2)
    expect(two?.headers['webhook-id']).toBe(one?.headers['webhook-id'])
    expect(two?.body).toBe(one?.body)
  })

  it('is refused by name when its address leads inside, with the setting that allows it', async () => {
    const cli = await cliInEmptyHome()
    await cli.startHub()
    const { code, stderr } = await cli.run([...SUBMIT, '--callback', 'https://10.0.0.1/', 'x'])
    expect(code).not.toBe(0)
    expect(stderr).toMatch(/10\.0\.0\.1 is not on the public internet[\s\S]*--callback-allow/)
  })
})
