// Brings two hubs and two workers from an earlier commit of this project to this tree, one after the
// other, while jobs run. Not how fast, but whether every job succeeds at its first attempt.
// node bench/rolling-upgrade.ts <commit> [jobs, default 200]
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runRollingUpgrade } from '../test/support/rolling-upgrade.ts'

const [commit = 'HEAD~1', jobs = '200'] = process.argv.slice(2)
const tree = join(import.meta.dirname, '..')
const folder = await mkdtemp(join(tmpdir(), 'millwright-rolling-'))
const before = join(folder, 'before')
const run = (cwd: string, program: string, ...args: readonly string[]): string =>
  execFileSync(program, args, { cwd, encoding: 'utf8' })

run(folder, 'git', 'clone', '--quiet', '--shared', tree, before)
run(before, 'git', 'checkout', '--quiet', commit)
run(before, 'npm', 'ci', '--silent')
console.log(`from         ${run(before, 'git', 'log', '-1', '--format=%h %s').trim()}`)
const program = join(before, 'bin', 'millwright.js')
const report = await runRollingUpgrade(join(folder, 'run'), Number(jobs), program)
for (const [what, count] of Object.entries(report)) console.log(`${what.padEnd(12)} ${count}`)
await rm(folder, { recursive: true })
