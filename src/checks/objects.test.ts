import { describe, expect, it } from 'vitest'
import { checkObjects, ObjectsAsked } from './objects.ts'

const files = [{ name: 'model.glb' }, { name: 'images/front.png' }, { name: 'images/back.png' }]

const judge = (asked: object) => checkObjects({ tree: 'a1', files }, ObjectsAsked.parse(asked))

describe('a check of objects', () => {
  it('passes for exactly the set of files that it judged', () => {
    const asked = { min: 3, required: ['model.glb', 'images/*.png'] }
    expect(judge(asked)).toMatchObject({ check: 'objects', tree: 'a1', passed: true, findings: '' })
  })

  it('names every requirement that is not met', () => {
    const { passed, findings } = judge({ min: 4, required: ['*.png', 'images/*.jpg'] })
    expect(passed).toBe(false)
    expect(findings.split('\n')).toEqual([
      'number of files: 3 (minimum: 4)',
      'no file matches *.png',
      'no file matches images/*.jpg',
    ])
  })

  it('requires at least one file by default', () => {
    const none = { tree: 'b2', files: [] }
    expect(checkObjects(none, ObjectsAsked.parse({}))).toMatchObject({
      passed: false,
      findings: 'number of files: 0 (minimum: 1)',
    })
    expect(checkObjects(none, ObjectsAsked.parse({ min: 0 })).passed).toBe(true)
  })

  it.each([
    ['model.glb', true],
    ['*', true],
    ['m*l.*b', true],
    ['model.glb*', true],
    ['*model.glb*', true],
    ['model', false],
    ['model.*.glb', false],
    ['*/model.glb', false],
    ['*b*.glb', false],
  ])('matches the pattern %s as a shell would', (pattern, passed) => {
    const one = { tree: 'c3', files: [{ name: 'model.glb' }] }
    expect(checkObjects(one, ObjectsAsked.parse({ required: [pattern] })).passed).toBe(passed)
  })

  it.each(['/etc/passwd', '../x', '.hidden', 'a//b', ''])('refuses the pattern %j', (pattern) => {
    expect(ObjectsAsked.safeParse({ required: [pattern] }).success).toBe(false)
  })
})
