import { describe, expect, it } from 'vitest'
import { escapeHidden, safeJson, safeLine, safeText } from './safe-text.ts'

const ESC = '\u001B'

describe('untrusted text', () => {
  it.each([
    ['colours', `${ESC}[31mred${ESC}[0m`, 'red'],
    ['cursor movement', `a${ESC}[2J${ESC}[1;1Hb`, 'ab'],
    ['a window title', `${ESC}]0;owned\u0007text`, 'text'],
    ['a title ended by ST', `${ESC}]0;owned${ESC}\\text`, 'text'],
    ['a title that never ends', `${ESC}]52;c;aGk=`, ''],
    ['a device request', `${ESC}P+q544e${ESC}\\x`, 'x'],
    ['C1 controls', '\u009B31mred\u0085x', 'redx'],
    ['a bare escape', `a${ESC}`, 'a'],
    ['backspaces', 'rm\b\bls', 'rmls'],
    ['bidi overrides', 'user\u202Etxt.exe\u2066', 'usertxt.exe'],
    ['zero-width characters', 'a\u200B\u2060b\uFEFF', 'ab'],
    ['line separators', 'a\u2028b', 'ab'],
    ['an escape between surrogates', `😀${ESC}[1m😀`, '😀😀'],
  ])('loses %s', (_, given, shown) => {
    expect(safeText(given)).toBe(shown)
  })

  it('keeps newlines and tabs, and turns a lone return into a newline', () => {
    expect(safeText('a\tb\r\nc\rd\n')).toBe('a\tb\nc\nd\n')
  })

  it('is one line where one line is asked for', () => {
    expect(safeLine('a\n\n\tb')).toBe('a b')
  })

  it('cannot rebuild a sequence out of its parts', () => {
    expect(safeText(`${ESC}${ESC}[31m[31m`)).not.toContain(ESC)
  })
})

describe('JSON for a terminal', () => {
  const hostile = { title: `a${ESC}[31m\u009B\u202E\u{E0041}` }

  it('means the same and hides nothing', () => {
    const json = safeJson(hostile)
    expect(JSON.parse(json)).toEqual(hostile)
    expect(json).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  })

  it('is made safe when it is text already', () => {
    expect(JSON.parse(escapeHidden(JSON.stringify(hostile)))).toEqual(hostile)
  })
})
