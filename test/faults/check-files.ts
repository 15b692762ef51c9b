// Files that go into a job and files that a generator made of them, said here once more.
import { z } from 'zod'
import type { JobId } from '../../src/domain/id.ts'
import type { Job } from '../../src/domain/job.ts'
import type { Asked, Digests, Facts } from './evidence.ts'

/** A job names other inputs than those it was submitted with. */
export function lostInputs(job: Job, { title, inputs }: Asked, facts: Facts): readonly string[] {
  return differences(inputs, facts.inputs.get(job.id) ?? []).map(
    (words) => `${title}: of its inputs ${words}`,
  )
}

const Made = z.object({ outputs: z.object({ attempt: z.int() }) })

/** A succeeded job whose recorded attempt does not have exactly the files that had to be made. */
export function lostOutputs(job: Job, { title, outputs }: Asked, facts: Facts): readonly string[] {
  if (job.state !== 'succeeded' || Object.keys(outputs).length === 0) return []
  const record = recordsOf(job.id, facts).findLast(({ made }) => made !== null)
  if (record === undefined) return [`${title} succeeded without a record of its files`]
  const kept = (facts.artifacts.get(job.id) ?? [])
    .filter(({ attempt, name }) => attempt === record.made && name.startsWith(OUTPUTS))
    .map(({ name, digest }) => ({ name: name.slice(OUTPUTS.length), digest }))
  return differences(outputs, kept).map((words) => `${title}: of its files ${words}`)
}

const OUTPUTS = 'outputs/'

/** A program that ran again although its finished files were recorded: nobody takes them away here. */
export function madeTwice(id: JobId, facts: Facts): readonly string[] {
  const first = recordsOf(id, facts).find(({ made }) => made !== null)
  if (first === undefined) return []
  return (facts.events.get(id) ?? [])
    .filter(({ type, seq }) => type === 'agent-started' && seq > first.seq)
    .map(({ seq, attempt }) => {
      return `event ${seq} of ${id}: attempt ${first.made} had made the files, ${attempt} made them again`
    })
}

/** Each record of a job's generation: which attempt made the files, or null that none has. */
const recordsOf = (id: JobId, { events }: Facts) =>
  (events.get(id) ?? []).flatMap((event) => {
    if (event.type !== 'checkpoint' || event.checkpoint.step !== 'generate') return []
    const made = Made.safeParse(event.checkpoint.product).data?.outputs.attempt ?? null
    return [{ seq: event.seq, made }]
  })

type Found = readonly { readonly name: string; readonly digest: string | null }[]

function differences(wanted: Digests, found: Found): readonly string[] {
  const digests = new Map(found.map(({ name, digest }) => [name, digest]))
  const names = new Set([...Object.keys(wanted), ...digests.keys()])
  return [...names].flatMap((name) =>
    digests.get(name) === wanted[name]
      ? []
      : [`${name} is ${digests.get(name) ?? 'missing'} instead of ${wanted[name] ?? 'missing'}`],
  )
}
