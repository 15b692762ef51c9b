// node pg-boss.mjs <database url> <cycles> <callers>: prints cycles of fetch and complete per second.
import { PgBoss } from 'pg-boss'

const [connectionString, cycles, callers] = process.argv.slice(2)
const boss = new PgBoss({ connectionString, max: 10, supervise: false, schedule: false })
boss.on('error', (error) => {
  throw error
})
await boss.start()
await boss.createQueue('jobs')
for (let done = 0; done < Number(cycles); done += 500) {
  const batch = Math.min(500, Number(cycles) - done)
  await boss.insert(
    'jobs',
    Array.from({ length: batch }, () => ({ data: { prompt: 'fix it' } })),
  )
}

let left = Number(cycles)
const caller = async () => {
  while (left-- > 0) {
    const [job] = await boss.fetch('jobs')
    await boss.complete('jobs', job.id)
  }
}
const before = performance.now()
await Promise.all(Array.from({ length: Number(callers) }, caller))
console.log((Number(cycles) * 1000) / (performance.now() - before))
await boss.stop({ graceful: false })
process.exit(0)
