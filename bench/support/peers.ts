import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { run } from '../../scripts/run.ts'

/** Queues that others use, in exact versions. */
const PEERS = {
  'pg-boss': ['pg-boss@12.35.0'],
  bullmq: ['bullmq@6.7.0', 'ioredis@5.8.2'],
} as const

const CACHE = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'millwright-bench-peers',
)

/** Runs a peer’s program from `bench/peers`, installed outside the clone, and reads its figure. */
export async function peerCyclesPerSecond(
  name: keyof typeof PEERS,
  args: readonly string[],
): Promise<number> {
  const folder = join(CACHE, name)
  if (!existsSync(folder)) await install(name, folder)
  const program = join(folder, `${name}.mjs`)
  await copyFile(join(import.meta.dirname, '..', 'peers', `${name}.mjs`), program)
  const child = spawn(process.execPath, [program, ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  for await (const piece of child.stdout) said += String(piece)
  return Number(said.trim().split('\n').at(-1))
}

async function install(name: keyof typeof PEERS, folder: string): Promise<void> {
  const beside = `${folder}.${process.pid}.tmp`
  await rm(beside, { recursive: true, force: true })
  await mkdir(beside, { recursive: true })
  const argv = ['npm', 'install', '--prefix', beside, '--ignore-scripts', '--no-audit']
  const { code, output } = await run([...argv, ...PEERS[name]])
  if (code !== 0) throw new Error(`npm could not install ${name}:\n${output}`)
  await rename(beside, folder)
}
