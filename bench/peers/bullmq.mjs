// node bullmq.mjs <redis port> <cycles> <callers>: prints cycles of take and complete per second.
import { Queue, Worker } from 'bullmq'

const [port, cycles, callers] = process.argv.slice(2)
const connection = { host: '127.0.0.1', port: Number(port), maxRetriesPerRequest: null }
const queue = new Queue('jobs', { connection })
for (let done = 0; done < Number(cycles); done += 500) {
  const batch = Math.min(500, Number(cycles) - done)
  await queue.addBulk(
    Array.from({ length: batch }, () => ({ name: 'job', data: { prompt: 'fix it' } })),
  )
}
const worker = new Worker('jobs', null, { connection, autorun: false })
await worker.waitUntilReady()

let left = Number(cycles)
const caller = async () => {
  while (left-- > 0) {
    const job = await worker.getNextJob('token')
    await job.moveToCompleted(null, 'token', false)
  }
}
const before = performance.now()
await Promise.all(Array.from({ length: Number(callers) }, caller))
console.log((Number(cycles) * 1000) / (performance.now() - before))
process.exit(0)
