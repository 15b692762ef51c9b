import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { branchOf, whyNoRefName } from './ref-name.ts'
import { branchFile } from './repository-folder.ts'

describe('a ref name', () => {
  it.each(['main', 'größe', 'fix/(a),b', '修复/a', 'x{1}', 'a%b', 'é'.repeat(100)])(
    'may be %j, as in git',
    (name) => {
      expect(whyNoRefName(name)).toBeNull()
    },
  )

  it.each(['', '@', '-a', 'a..b', 'a b', 'a~', 'a\u007f', 'a\ud800', 'a.lock/b', 'refs/heads/.a'])(
    'may not be %j, because git forbids it',
    (name) => {
      expect(whyNoRefName(name)).toMatch(/^git does not allow this name/)
    },
  )

  it.each(['a;b', '$(x)', "it's", 'a\u00a0b', 'a\u202eb', 'é'.repeat(101)])(
    'may not be %j, which git allows; the message says so and that a commit id works',
    (name) => {
      expect(whyNoRefName(name)).toMatch(/^git allows this name, but .* give its full commit id/)
    },
  )
})

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
