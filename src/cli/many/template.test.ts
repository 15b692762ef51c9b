import { describe, expect, it } from 'vitest'
import { fill, hasPlaceholder } from './template.ts'

const ROW = new Map([
  ['file', 'a {{b}} $& c'],
  ['language', 'German'],
])

describe('a template', () => {
  it('gets the values of a row as they are, in texts and lists', () => {
    expect(fill('{{file}} in {{ language }}!', ROW)).toBe('a {{b}} $& c in German!')
    expect(fill(['x', '{{language}}'], ROW)).toEqual(['x', 'German'])
    expect(fill(undefined, ROW)).toBeUndefined()
    expect(fill(true, ROW)).toBe(true)
  })

  it('contains two braces where they are escaped', () => {
    expect(fill(String.raw`\{{file}} }} {x}`, ROW)).toBe('{{file}} }} {x}')
    expect(hasPlaceholder(String.raw`\{{file}}`)).toBe(false)
    expect(hasPlaceholder(['x', '{{file}}'])).toBe(true)
  })

  it.each([
    ['{{langauge}}', 'the row has no value for {{langauge}}; did you mean {{language}}?'],
    [
      '{{ .Values }}',
      String.raw`it has values for file, language; for two literal braces, write \{{`,
    ],
    ['{{file', '"{{" has no "}}"'],
    ['{{file}', '"{{" has no "}}"'],
  ])('that names no value is refused: %s', (text, message) => {
    expect(() => fill(text, ROW)).toThrow(message)
  })
})
