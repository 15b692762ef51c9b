// npm run bench [name …]: runs the named benches, or all of them, one after the other.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

const folder = import.meta.dirname
const wanted = process.argv.slice(2)
const benches = readdirSync(folder)
  .filter((name) => name.endsWith('.ts') && name !== 'run.ts')
  .filter((name) => wanted.length === 0 || wanted.includes(name.replace('.ts', '')))

for (const name of benches) {
  console.log(`\n${name}`)
  const { status } = spawnSync(process.execPath, [join(folder, name)], { stdio: 'inherit' })
  if (status !== 0) process.exitCode = 1
}
