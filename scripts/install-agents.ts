import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { run } from './run.ts'

/** The real agents that the tests run. Versions are exact, because output formats change. */
const AGENTS = [
  { name: 'codex', package: '@openai/codex', version: '0.169.0', variable: 'MILLWRIGHT_CODEX' },
]

/**
 * Installs the agents into a cache outside the clone and returns the environment variables with
 * which the tests find them. Each agent is installed into a temporary folder, which is renamed when
 * it is complete, so that an incomplete installation is never used.
 */
export async function installAgents(): Promise<Record<string, string>> {
  const cache = join(
    process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
    'millwright-test-agents',
  )
  await mkdir(cache, { recursive: true })
  const found: Record<string, string> = {}
  for (const agent of AGENTS) {
    const folder = join(cache, `${agent.name}-${agent.version}`)
    if (!existsSync(folder)) await install(`${agent.package}@${agent.version}`, folder)
    const { output } = await run(['du', '-sh', folder])
    console.log(`${agent.name} ${agent.version}: ${output.trim().replace('\t', ' in ')}`)
    found[agent.variable] = join(folder, 'node_modules', '.bin', agent.name)
  }
  return found
}

async function install(spec: string, folder: string): Promise<void> {
  const temporary = `${folder}.${process.pid}.tmp`
  await rm(temporary, { recursive: true, force: true })
  await mkdir(temporary)
  const { code, output } = await run([
    'npm',
    'install',
    '--prefix',
    temporary,
    '--ignore-scripts',
    '--no-audit',
    spec,
  ])
  if (code !== 0) throw new Error(`npm could not install ${spec}:\n${output}`)
  await rename(temporary, folder)
}
