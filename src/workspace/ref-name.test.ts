import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { branchOf } from './ref-name.ts'
import { branchFile } from './repository-folder.ts'

describe('the branch that a full name stands for', () => {
  it.each([
    ['refs/heads/main', 'main'],
    ['refs/heads/fix/a', 'fix/a'],
    ['refs/heads/', null],
    ['refs/tags/v1', null],
    ['main', null],
    ['refs/heads/../config', null],
    ['refs/heads/a/../../config', null],
    ['refs/heads/a\nb', null],
  ])('%j is %j', (name, branch) => {
    expect(branchOf(name)).toBe(branch)
  })
})

describe('the file of a branch', () => {
  it('lies among the branches', () => {
    expect(branchFile('/git', 'fix/a')).toBe(join('/git', 'refs', 'heads', 'fix', 'a'))
  })

  it.each(['', '.', '..', '../tags/x', 'a/../../../config'])('is not made for %j', (branch) => {
    expect(() => branchFile('/git', branch)).toThrow('points outside')
  })
})
