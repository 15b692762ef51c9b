// Two hubs and two workers of one version become those of another, one after the other, while jobs
// run and more are handed in.
import { type Judgement, openFleet, PROGRAM } from './fleet.ts'

/**
 * @param folder empty; everything lies there afterwards, to be looked at
 * @param before the program that all of them ran before
 */
export async function runRollingUpgrade(
  folder: string,
  jobs: number,
  before = PROGRAM,
): Promise<Judgement> {
  await using fleet = await openFleet(folder)
  const hubs = [await fleet.startHub('one', before), await fleet.startHub('two', before)]
  const workers = [fleet.startWorker('1', before), fleet.startWorker('2', before)]
  const handingIn = fleet.submit(jobs)
  await fleet.untilEnded(Math.floor(jobs * 0.15))
  for (const [index, place] of (['one', 'two'] as const).entries()) {
    await hubs[index]?.stop()
    await fleet.startHub(place)
    await fleet.untilEnded(Math.floor(jobs * (0.3 + 0.15 * index)))
  }
  for (const [index, name] of ['1', '2'].entries()) {
    await workers[index]?.stop()
    fleet.startWorker(name)
    await fleet.untilEnded(Math.floor(jobs * (0.6 + 0.15 * index)))
  }
  await handingIn
  await fleet.untilEnded(jobs)
  return await fleet.judge()
}
