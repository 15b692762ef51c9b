// npm run faults -- [--full] [--kills N] [--seed S] [--only label] [--engine sqlite|postgres] [--lanes N]
// Stops the world at every moment in every way, kills at random, spoils line, database, disk and
// clocks, and compares what came of it with what was promised. Ends with 1 when anything is wrong.
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { LABELS } from './places.ts'
import { plan, runPlan } from './plan.ts'
import { print } from './report.ts'

const { values } = parseArgs({
  options: {
    full: { type: 'boolean' },
    kills: { type: 'string' },
    seed: { type: 'string' },
    only: { type: 'string' },
    engine: { type: 'string' },
    lanes: { type: 'string' },
  },
})
const count = z.coerce.number().int().min(0)
const flags = z
  .object({
    full: z.boolean().default(false),
    kills: count.default(60),
    seed: count.default(() => Date.now() % 1_000_000),
    only: z.enum(LABELS).optional(),
    engine: z.enum(['sqlite', 'postgres']).optional(),
    // Most of a cell's time is waiting for leases.
    lanes: count.default(() => availableParallelism() + 2),
  })
  .parse(values)

const folder = await mkdtemp(join(tmpdir(), 'millwright-faults-'))
console.log(`seed ${flags.seed}, ${flags.lanes} side by side, in ${folder}\n`)
// Hundreds of programs are started: they share what was compiled.
process.env['NODE_COMPILE_CACHE'] = join(folder, 'compiled')
const began = performance.now()
const results = await runPlan(plan(flags), { folder, lanes: flags.lanes })
const isGood = print(results, { seconds: (performance.now() - began) / 1000 })
if (isGood) await rm(folder, { recursive: true, force: true })
process.exitCode = isGood ? 0 : 1
