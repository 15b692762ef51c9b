// Two hubs on one PostgreSQL and four workers, of which one is killed, and one hub, while the
// database crashes and starts again. Not how fast, but whether all is done, and done once.
// node bench/several-hubs.ts [jobs, default 500]
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runSeveralHubs } from '../test/support/several-hubs.ts'

const folder = await mkdtemp(join(tmpdir(), 'millwright-several-'))
const report = await runSeveralHubs(folder, Number(process.argv[2] ?? 500))
for (const [what, count] of Object.entries(report)) console.log(`${what.padEnd(12)} ${count}`)
await rm(folder, { recursive: true })
