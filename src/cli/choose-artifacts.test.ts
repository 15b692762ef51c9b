import { describe, expect, it } from 'vitest'
import { artifactTree, oneArtifact } from './choose-artifacts.ts'

const artifact = (attempt: number, name: string) => ({
  attempt,
  name,
  digest: '',
  size: 1,
  mediaType: 'text/plain',
  createdAt: 0,
})

const all = [
  artifact(1, 'outputs/a'),
  artifact(1, 'outputs/old/b'),
  artifact(1, 'report.json'),
  artifact(2, 'outputs/a'),
  artifact(3, 'report.json'),
  artifact(3, 'outputs.txt'),
]
const named = (found: readonly { readonly attempt: number; readonly name: string }[]) =>
  found.map(({ attempt, name }) => `${attempt} ${name}`)

describe('artifacts of a job', () => {
  it('are of the newest attempt that has the folder: files of two attempts are not mixed', () => {
    expect(named(artifactTree(all, { name: undefined, attempt: undefined }))).toEqual([
      '2 outputs/a',
      '3 report.json',
      '3 outputs.txt',
    ])
    expect(named(artifactTree(all, { name: 'outputs', attempt: undefined }))).toEqual([
      '2 outputs/a',
    ])
  })

  it('are those of an attempt that is named', () => {
    expect(named(artifactTree(all, { name: 'outputs', attempt: 1 }))).toEqual([
      '1 outputs/a',
      '1 outputs/old/b',
    ])
    expect(oneArtifact(all, { name: 'report.json', attempt: 1 }).attempt).toBe(1)
    expect(oneArtifact(all, { name: 'report.json', attempt: undefined }).attempt).toBe(3)
  })

  it('that do not exist are an error that says what there is', () => {
    for (const choose of [oneArtifact, artifactTree]) {
      expect(() => choose(all, { name: 'output', attempt: undefined })).toThrow(
        'no artifact "output"; its artifacts are: outputs/a, outputs/old/b, report.json, outputs.txt',
      )
    }
  })
})
