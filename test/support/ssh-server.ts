import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'
import { tempFolder } from './temp-folder.ts'

const run = promisify(execFile)

export const SSHD = '/usr/sbin/sshd'

/** A real sshd on a free port that accepts this user with one key, and an ssh-agent with that key. */
export type SshServer = {
  /** The SSH address of a path on this machine. */
  address(path: string): string
  /** The file of the key. */
  readonly key: string
  /** The socket of the agent. */
  readonly agent: string
  /** known_hosts files: with its key, with a wrong key for it, and without a key. */
  readonly known: { readonly right: string; readonly other: string; readonly none: string }
}

export async function startSshServer(): Promise<SshServer> {
  const folder = await tempFolder()
  const [host, other, user] = await Promise.all(
    ['host', 'other', 'user'].map((name) => makeKey(join(folder, name))),
  )
  const config = join(folder, 'sshd_config')
  await writeFile(config, settings(folder))
  // Debian's sshd requires this folder; on other systems its package created it.
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 })
  const port = await serve(config)
  const name = `[127.0.0.1]:${port}`
  const known = async (file: string, text: string): Promise<string> => {
    await writeFile(join(folder, file), text)
    return join(folder, file)
  }
  return {
    address: (path) => `ssh://${userInfo().username}@127.0.0.1:${port}${path}`,
    key: user?.file ?? '',
    agent: await startAgent(folder, user?.file ?? ''),
    known: {
      right: await known('known-right', `${name} ${host?.public}`),
      other: await known('known-other', `${name} ${other?.public}`),
      none: await known('known-none', ''),
    },
  }
}

const settings = (folder: string): string => `
HostKey ${folder}/host
AuthorizedKeysFile ${folder}/user.pub
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
PermitRootLogin prohibit-password
`

async function makeKey(file: string): Promise<{ file: string; public: string }> {
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', file])
  return { file, public: await readFile(`${file}.pub`, 'utf8') }
}

/** One sshd per connection, which is its stdin: no port to reserve, no daemon to stop. */
async function serve(config: string): Promise<number> {
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    spawn(SSHD, ['-i', '-f', config], { stdio: [socket, socket, 'ignore'] })
    socket.destroy()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const address = server.address()
  return typeof address === 'object' ? (address?.port ?? 0) : 0
}

async function startAgent(folder: string, key: string): Promise<string> {
  const socket = join(folder, 'agent')
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] })
  onTestFinished(() => void agent.kill())
  await once(agent.stdout, 'data')
  await run('ssh-add', ['-q', key], { env: { SSH_AUTH_SOCK: socket } })
  return socket
}
