import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkJob } from '../../src/cli/many/check-job.ts'
import { parseJsonOrLines } from '../../src/cli/many/json-lines.ts'
import { parseRows } from '../../src/cli/many/rows.ts'
import { Submission } from '../../src/domain/job.ts'
import { Limits } from '../../src/domain/limits.ts'
import { CodePayload } from '../../src/kinds/code/payload.ts'
import { GeneratePayload } from '../../src/kinds/generate/payload.ts'

const ROOT = join(import.meta.dirname, '../..')
const read = (path: string): Promise<string> => readFile(join(ROOT, path), 'utf8')

describe('the job file', () => {
  it.each([
    ['a job', Submission.shape],
    ['the limits', Limits.shape],
    ['the payload of code', CodePayload.shape],
    ['the payload of generate', GeneratePayload.shape],
  ])('is documented with every member of %s', async (_, shape) => {
    const page = await read('docs/job-file.md')
    expect(Object.keys(shape).filter((name) => !page.includes(`\`${name}\``))).toEqual([])
  })

  it('with one object is a list if it is named as JSON Lines', () => {
    const line = '{"kind":"code"}\n'
    const kindIn = (source: string) => parseJsonOrLines(line, source, 'job').kind
    expect(['a.jsonl', 'b.NDJSON', 'c.json', 'stdin'].map(kindIn)).toEqual([
      'many',
      'many',
      'one',
      'one',
    ])
  })

  it('and the rows have examples that are valid', async () => {
    const job = parseJsonOrLines(await read('examples/many/job.json'), 'job.json', 'job')
    const jobs = parseJsonOrLines(await read('examples/many/jobs.jsonl'), 'jobs.jsonl', 'job')
    if (job.kind !== 'one' || jobs.kind !== 'many') throw new Error('the examples have other forms')
    expect(checkJob(job.value)).toMatchObject({ kind: 'code', group: 'friday' })
    expect(jobs.items.map(({ value }) => checkJob(value).kind)).toEqual(Array(3).fill('generate'))
    const rows = parseRows(await read('examples/many/rows.csv'), 'rows.csv')
    expect(rows.map(({ value }) => value.get('file'))).toEqual([
      'README.md',
      'docs/install, upgrade.md',
    ])
  })
})
