import { describe, expect, it } from 'vitest'
import { JobId } from '../domain/id.ts'
import { offersOf, protocolDemand } from './demands.ts'

const id = (text: string): JobId => JobId.parse(text)
const file = { name: 'a', digest: '0'.repeat(64) }

describe('a job demands the protocol', () => {
  it.each([
    [
      'of every worker when it has nothing new',
      1,
      { id: id('019a0000-0000-7000-8000-000000000000') },
    ],
    ['of every worker when it brings an empty list', 1, { inputs: [] }],
    [
      'of every worker when it continues a job with such an id',
      1,
      { retryOf: id('019a0000-0000-7000-8000-000000000000') },
    ],
  ])('%s', (_, payload, job) => {
    expect(protocolDemand(payload, job)).toEqual([])
  })

  it.each([
    ['its payload needs', 3, {}, 'protocol:3'],
    ['that knows inputs', 1, { inputs: [file] }, 'protocol:2'],
    ['that knows holds, from the epoch on', 1, { holdUntil: 0 }, 'protocol:2'],
    ['that knows any id', 1, { id: id('e8400e29-9b2d-4d8c-8f3c-55a1f0b8a9a1') }, 'protocol:2'],
    ['that knows any id', 1, { retryOf: id('e8400e29-9b2d-4d8c-8f3c-55a1f0b8a9a1') }, 'protocol:2'],
    ['that is the newest of those', 3, { inputs: [file] }, 'protocol:3'],
  ])('%s', (_, payload, job, demand) => {
    expect(protocolDemand(payload, job)).toEqual([demand])
  })
})

describe('a worker offers', () => {
  const sandbox = 'bubblewrap' as const
  const own = 'sandbox:bubblewrap'

  it('every agent and repository when it is of protocol 1', () => {
    const offers = offersOf({ protocol: 1, worker: { offers: [], sandbox } })
    expect(offers).toEqual(['agent:*', 'repo:*', 'local:*', 'model:*', own, 'protocol:1'])
  })

  it('local repositories and every model when it is too old to name its operating system', () => {
    const offers = offersOf({ protocol: 2, worker: { offers: ['agent:codex'], sandbox } })
    expect(offers).toEqual(['agent:codex', 'local:*', 'model:*', own, 'protocol:1', 'protocol:2'])
  })

  it('what it states and the protocols that it speaks, whatever protocols it states', () => {
    const offers = offersOf({
      protocol: 2,
      worker: { offers: ['os:linux', 'protocol:*'], sandbox },
    })
    expect(offers).toEqual(['os:linux', own, 'protocol:1', 'protocol:2'])
  })
})
