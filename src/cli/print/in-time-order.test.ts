import { describe, expect, it } from 'vitest'
import { inTimeOrder } from './in-time-order.ts'

describe('two streams', () => {
  it('are shown in the order of what happened, not of what arrived', () => {
    let now = 0
    const shown: string[] = []
    using order = inTimeOrder({ monotonic: () => now })
    order.add(10, () => shown.push('agent starts'))
    order.add(30, () => shown.push('agent ends'))
    now = 400
    order.add(20, () => shown.push('agent speaks'))
    order.letOut()
    expect(shown).toEqual([])
    now = 1000
    order.letOut()
    expect(shown).toEqual(['agent starts', 'agent speaks', 'agent ends'])
  })

  it('lose nothing at the end', () => {
    const shown: number[] = []
    const order = inTimeOrder({ monotonic: () => 0 })
    for (const at of [3, 1, 2]) order.add(at, () => shown.push(at))
    order[Symbol.dispose]()
    expect(shown).toEqual([1, 2, 3])
  })
})
