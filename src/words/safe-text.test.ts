import { describe, expect, it } from 'vitest'
import {
  escapeHidden,
  safeJson,
  safeLine,
  safeText,
  visibleLine,
  visibleText,
} from './safe-text.ts'

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

describe('code for a reviewer', () => {
  it.each([
    ['a title', `/*${ESC}]*/ evil(process.env) /*`, '/*^[]*/ evil(process.env) /*'],
    ['a C1 title', 'a\u009D; evil()', 'a<U+009D>; evil()'],
    ['colours', `${ESC}[8mevil()${ESC}[0m`, '^[[8mevil()^[[0m'],
    ['returns, backspaces and DEL', 'a\rb\b\u007F', 'a^Mb^H^?'],
    ['bidi overrides', '/*\u202E } if (admin) \u2066*/', '/*<U+202E> } if (admin) <U+2066>*/'],
    ['zero-width characters', 'us\u200Ber\uFEFF', 'us<U+200B>er<U+FEFF>'],
    ['variation selectors', 'a\uFE0F\u{E0100}', 'a<U+FE0F><U+E0100>'],
    ['letters without a glyph', 'a,\u3164', 'a,<U+3164>'],
    ['line separators', 'a\u2028b', 'a<U+2028>b'],
  ])('shows %s', (_, given, shown) => {
    expect(visibleText(given)).toBe(shown)
  })

  it('is unchanged where nothing is hidden', () => {
    const plain = 'a\tb\n“ü” 😀 日本\n'
    expect(visibleText(plain)).toBe(plain)
  })

  it('marks each run of escapes', () => {
    expect(visibleText(`a${ESC}\u200Bb^[`, (escapes) => `«${escapes}»`)).toBe('a«^[<U+200B>»b^[')
  })

  it('is one line if it is a path', () => {
    expect(visibleLine(`a\n\tb${ESC}c`)).toBe('a^J^Ib^[c')
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
