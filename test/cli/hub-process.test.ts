import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { describeNeeding } from '../support/needs.ts'
import { cliInEmptyHome, hubAddress } from '../support/cli.ts'

describeNeeding(['patience'], 'a hub process', () => {
  it('leaves its address while it runs, and takes it away when it stops', async () => {
    const cli = await cliInEmptyHome()
    const hub = await cli.startHub()
    const file = join(cli.data, 'hub.json')
    expect(await hubAddress(cli.data)).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect((await hub.stop()).code).toBe(0)
    expect(existsSync(file)).toBe(false)
  })

  it('keeps jobs and tokens across a kill -9', async () => {
    const cli = await cliInEmptyHome()
    const first = await cli.startHub()
    await cli.run(['submit', '--repo', 'https://git.example/app', 'Survive'])
    await first.stop('SIGKILL')
    await cli.startHub()
    expect((await cli.run(['jobs'])).stdout).toContain('Survive')
  })

  it('refuses a port that another program holds, and says what to type', async () => {
    const cli = await cliInEmptyHome()
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const address = server.address()
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0
    const { code, stderr } = await cli.run(['hub', '--port', String(port)])
    expect(code).toBe(9)
    expect(stderr).toContain(`Port ${port} on 127.0.0.1 is already in use`)
    expect(stderr).toContain('--port, or stop the program')
  })

  it('refuses a data folder that is in use, and names the process', async () => {
    const cli = await cliInEmptyHome()
    const hub = await cli.startHub()
    const { code, stderr } = await cli.run(['hub', '--port', '0'])
    expect(code).toBe(9)
    expect(stderr).toContain(`${cli.data} is in use by process ${hub.process.pid}`)
    expect(stderr).toContain('--data')
  })

  it('is not bound beyond this machine without a proxy in front', async () => {
    const cli = await cliInEmptyHome()
    const { code, stderr } = await cli.run(['hub', '--port', '0', '--host', '0.0.0.0'])
    expect(code).toBe(9)
    expect(stderr).toContain('--behind-proxy')
  })

  it('logs JSON lines to stderr when nobody watches', async () => {
    const cli = await cliInEmptyHome()
    const hub = await cli.startHub()
    const { stderr } = await hub.stop()
    const lines = stderr
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line))
    expect(lines).toContainEqual(expect.objectContaining({ level: 'info', msg: 'the hub listens' }))
  })
})

describeNeeding(['patience'], 'a hub that is away', () => {
  it('is told apart from an error, with the command that starts it', async () => {
    const cli = await cliInEmptyHome()
    const { code, stderr, stdout } = await cli.run(['submit', '--repo', '/x', 'Fix', '--json'])
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
    expect(stderr).toContain('run millwright -- up')
  })

  it('is seen although it left its address behind', async () => {
    const cli = await cliInEmptyHome()
    const hub = await cli.startHub()
    await hub.stop('SIGKILL')
    expect(existsSync(join(cli.data, 'hub.json'))).toBe(true)
    const { code, stderr } = await cli.run(['submit', '--repo', '/x', 'Fix'])
    expect(code).toBe(3)
    expect(stderr).toMatch(/is not responding[\s\S]*run millwright -- up/)
  })

  it('is waited for by who follows a job', async () => {
    const cli = await cliInEmptyHome()
    const hub = await cli.startHub()
    const port = new URL(await hubAddress(cli.data)).port
    const follower = cli.start([
      'submit',
      '--wait',
      '--repo',
      'https://git.example/app',
      'Patience',
    ])
    await follower.printed(/submitted/)
    await hub.stop('SIGKILL')
    await follower.printed(/retrying until the hub answers/)
    const again = cli.start(['hub', '--port', port])
    await again.printed(/hub on http/)
    const id = /^[0-9a-f]{12}/.exec((await cli.run(['jobs'])).stdout.split('\n')[1] ?? '')?.[0]
    await cli.run(['cancel', id ?? ''])
    expect((await follower.end).code).toBe(4)
  })

  it('is not mistaken for another program at its address', async () => {
    const cli = await cliInEmptyHome()
    const server = createServer((socket) => {
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello')
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const address = server.address()
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0
    const { code, stderr } = await cli.run(['jobs', '--hub', `http://127.0.0.1:${port}`])
    expect(code).toBe(3)
    expect(stderr).toContain('not')
  })

  it('is looked for where a broken hub.json says, and the file is named', async () => {
    const cli = await cliInEmptyHome()
    await cli.startHub()
    await writeFile(join(cli.data, 'hub.json'), 'not json')
    const { code, stderr } = await cli.run(['jobs'])
    expect(code).toBe(2)
    expect(stderr).toContain('hub.json')
  })
})
