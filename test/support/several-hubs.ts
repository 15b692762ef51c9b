// Two hubs, four workers and jobs with overlapping locks, for a minute, while a worker and a hub are
// killed and the database crashes.
import { type Judgement, openFleet } from './fleet.ts'

export type Report = Judgement & { readonly jobs: number; readonly seconds: number }

/** @param folder empty; keeps all files afterwards, for inspection */
export async function runSeveralHubs(folder: string, jobs: number): Promise<Report> {
  const began = performance.now()
  await using fleet = await openFleet(folder)
  await fleet.startHub('one')
  const other = await fleet.startHub('two')
  const [worker] = ['1', '2', '3', '4'].map((name) => fleet.startWorker(name))
  await fleet.submit(jobs)
  await fleet.untilEnded(Math.floor(jobs * 0.2))
  worker?.kill()
  await fleet.untilEnded(Math.floor(jobs * 0.4))
  other.kill()
  await fleet.untilEnded(Math.floor(jobs * 0.6))
  await fleet.postgres.restart()
  await fleet.untilEnded(jobs)
  const seconds = Math.round((performance.now() - began) / 1000)
  return { ...(await fleet.judge()), jobs, seconds }
}
