import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'
import { tempFolder } from './temp-folder.ts'

const run = promisify(execFile)

/** A real nginx that terminates TLS for `localhost`. */
export type Nginx = {
  readonly url: string
  /** The certificate, for clients that must trust it. */
  readonly certificate: string
}

/**
 * Starts nginx with the example configuration of docs/team.md. Only its name, its port, the hub's port
 * and the files of the certificate are replaced. Stops it when the test ends.
 */
export async function startNginx(port: number, hubPort: number): Promise<Nginx> {
  const folder = await tempFolder()
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const made = [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    key,
    '-out',
    certificate,
  ]
  await run('openssl', [...made, ...names])
  const example = await readFile(
    join(import.meta.dirname, '../../examples/team/nginx.conf'),
    'utf8',
  )
  const server = example
    .replace('listen 443 ssl', `listen 127.0.0.1:${port} ssl`)
    .replace('millwright.example.com', 'localhost')
    .replace('127.0.0.1:7373', `127.0.0.1:${hubPort}`)
    .replace('/etc/ssl/millwright.crt', certificate)
    .replace('/etc/ssl/millwright.key', key)
  await writeFile(join(folder, 'nginx.conf'), around(server, folder))
  await mkdir(join(folder, 'temp'))
  const child = spawn('nginx', ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr'], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  onTestFinished(async () => {
    if (child.exitCode === null) {
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
  })
  await answers(port)
  return { url: `https://localhost:${port}`, certificate }
}

/** What Debian's main configuration puts around a server, for a process in the foreground. */
const around = (server: string, folder: string): string => `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/temp/body;
  proxy_temp_path ${folder}/temp/proxy;
  fastcgi_temp_path ${folder}/temp/fastcgi;
  uwsgi_temp_path ${folder}/temp/uwsgi;
  scgi_temp_path ${folder}/temp/scgi;
${server}
}
`

/** Waits until a server accepts connections on this port. */
async function answers(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    const event = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false)
    socket.destroy()
    if (event) return
  }
}
