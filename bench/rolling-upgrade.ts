// Brings two hubs and two workers from an earlier commit of this project to this tree, one after the
// other, while jobs run: hubs first, so that the earlier workers finish jobs of these hubs. Then a worker
// of this tree meets a hub of the earlier commit. Not how fast, but whether every job succeeds, and
// whether that worker says what to upgrade.
// node bench/rolling-upgrade.ts <commit> [jobs, default 200]
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runRollingUpgrade, startWorkerFirst } from '../test/support/rolling-upgrade.ts'

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
const alone = join(folder, 'alone')
await mkdir(alone)
const words = await startWorkerFirst(alone, program)
if (words !== null) {
  assert.match(
    words,
    /^millwright: The hub is version .+, but this worker is version .+\. Upgrade the hub first\.\n/,
  )
  console.log(`worker first ${words.split('\n', 1)[0]}`)
}

const report = await runRollingUpgrade(join(folder, 'run'), Number(jobs), program)
for (const [what, count] of Object.entries(report)) console.log(`${what.padEnd(12)} ${count}`)
const { takenOver: _, ...counts } = report
const ended = { succeeded: Number(jobs), branches: Number(jobs) }
assert.deepEqual(counts, { ...ended, pushedTwice: 0, overlaps: 0, differences: 0 })
await rm(folder, { recursive: true })
