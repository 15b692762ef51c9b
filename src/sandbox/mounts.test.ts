import { describe, expect, it } from 'vitest'
import { inOrder, type Mount, seenAt } from './mounts.ts'

const hide = (path: string): Mount => ({ kind: 'hide', path })
const read = (path: string): Mount => ({ kind: 'read', path })
const write = (path: string): Mount => ({ kind: 'write', path })

describe('mounts', () => {
  it('come outer before inner, so that an exception inside a hidden folder holds', () => {
    const mounts = [write('/home/a/tree'), read('/home/a-b'), hide('/home'), hide('/home/a')]
    expect(inOrder(mounts).map(({ path }) => path)).toEqual([
      '/home',
      '/home/a-b',
      '/home/a',
      '/home/a/tree',
    ])
  })

  it('on the same path the freer comes last and wins', () => {
    expect(inOrder([write('/x'), hide('/x'), read('/x')])).toEqual([
      hide('/x'),
      read('/x'),
      write('/x'),
    ])
  })

  it('tell what is seen at a path', () => {
    const mounts = inOrder([
      hide('/home'),
      read('/home/a'),
      write('/home/a/tree'),
      hide('/home/a/s'),
    ])
    expect(
      ['/usr', '/home', '/home/b', '/home/a/x', '/home/a/tree/y', '/home/a/tree2', '/home/a/s'].map(
        (path) => seenAt(path, mounts),
      ),
    ).toEqual(['read', 'hide', 'hide', 'read', 'write', 'read', 'hide'])
  })
})
