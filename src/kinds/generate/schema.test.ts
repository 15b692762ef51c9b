import { describe, expect, it } from 'vitest'
import { GeneratePayload } from './payload.ts'
import { generateSchema } from './schema.ts'

const payload = {
  generator: { name: 'command', run: ['sh', '-c', 'echo  one\necho two'] },
  checks: [{ name: 'whole', run: ['true'] }],
}

describe('the kind generate', () => {
  it('is listed by its title, otherwise by its command on one line', () => {
    expect(generateSchema.title(payload)).toBe('sh -c echo one echo two')
    expect(generateSchema.title({ ...payload, title: 'A chair' })).toBe('A chair')
  })

  it('demands a worker that has its generator and speaks protocol 2', () => {
    expect(generateSchema.demands(payload)).toEqual(['generator:command'])
    expect(generateSchema.protocol(payload)).toBe(2)
  })

  it('shows its generator, its command and its checks; its story is its output', () => {
    expect(generateSchema.facts(payload)).toEqual([
      ['generator', 'command'],
      ['program', 'sh -c echo one echo two'],
      ['checks', 'whole'],
    ])
    expect(generateSchema.story(payload)).toBe('output')
  })

  it('takes no prompt, ref or branch in a follow-up', () => {
    expect(generateSchema.followUp(payload, {})).toBe(payload)
    expect(() => generateSchema.followUp(payload, { prompt: 'more' })).toThrow('takes no prompt')
    expect(() => generateSchema.followUp(payload, { branch: 'b' })).toThrow('takes no branch')
  })

  it.each([
    ['an unknown generator', { generator: { name: 'magic', run: ['true'] } }],
    ['no program', { generator: { name: 'command', run: [] } }],
    ['an unknown key', { prompt: 'a chair' }],
    ['an unknown requirement on the files', { outputs: { max: 2 } }],
  ])('refuses %s', (_, change) => {
    expect(GeneratePayload.safeParse({ ...payload, ...change }).success).toBe(false)
  })

  it('accepts any JSON as its request, and requires one file by default', () => {
    for (const request of [null, 0, 'a chair', [1], { deep: { er: true } }]) {
      const read = GeneratePayload.parse({ ...payload, request })
      expect(read.request).toEqual(request)
      expect(read.outputs).toEqual({ min: 1, required: [] })
    }
  })
})
