import { describe, expect, it } from 'vitest'
import { ROUTES } from '../../src/protocol/routes.ts'
import { sourceFiles } from '../tidy/source.ts'
import { type Place, PLACES } from './places.ts'

const production = sourceFiles('src').filter(({ path }) => !path.endsWith('.test.ts'))

/** What the first group of a pattern holds, with the file of each. */
const found = (pattern: RegExp): readonly { readonly text: string; readonly path: string }[] =>
  production.flatMap(({ path, text }) =>
    Array.from(text.matchAll(pattern), ([, group = '']) => ({ path, text: group })),
  )
const CALL = /\bprobe\(\s*([^)]*?)\s*\)/g
// There `probe` tries out bubblewrap.
const calls = found(CALL).filter(({ path }) => !path.startsWith('src/sandbox/'))
const literals = calls.flatMap(({ path, text }) => {
  const label = /^'([\w-]+)'$/.exec(text)?.[1]
  return label === undefined ? [] : [{ path, label }]
})

/** The labels that are put together: by which file, and of which words. */
const FAMILIES = [
  {
    path: 'src/ledger/bind.ts',
    endings: ['uncommitted', 'committed'],
    words: found(/\bprobed\(\s*'(\w+)'/g).map(({ text }) => text),
    every: true,
  },
  {
    path: 'src/artifacts/staging.ts',
    endings: ['staged', 'placed'],
    words: found(/\bof: '(\w+)', probe\b/g).map(({ text }) => text),
    every: true,
  },
  {
    path: 'src/protocol/client.ts',
    endings: ['asked', 'answered'],
    words: Object.keys(ROUTES),
    every: false,
  },
  {
    path: 'src/pipeline/run-attempt.ts',
    endings: ['done'],
    words: found(/\bstep\('(\w+)'/g).map(({ text }) => text),
    every: false,
  },
].map(({ words, endings, ...family }) => ({
  ...family,
  endings,
  labels: words.flatMap((word) => endings.map((ending) => `${word}-${ending}`)),
}))

/** Where a label is passed on: one file, but for what two engines do alike. */
const IN_TWO_FILES = ['migrating', 'folder-owned']
/** Passed at two calls of one file. */
const TWICE = ['collecting']

const WORKER = /^src\/(?:worker|pipeline|workspace|publish|protocol|compose\/worker)\b/
const roomOf = (path: string): Place['in'] => (WORKER.test(path) ? 'worker' : 'hub')

describe('the places of the fault suite', () => {
  it('are exactly the labels in src', () => {
    const composed = FAMILIES.flatMap(({ labels, every }) =>
      labels.filter((label) => every || Object.hasOwn(PLACES, label)),
    )
    const labels = new Set([...literals.map(({ label }) => label), ...composed])
    expect([...labels].toSorted()).toEqual(Object.keys(PLACES).toSorted())
  })

  it('are met where the table says, each at one call', () => {
    for (const [label, place] of Object.entries(PLACES)) {
      const paths = [
        ...literals.filter((literal) => literal.label === label),
        ...FAMILIES.filter(({ labels }) => labels.includes(label)),
      ].map(({ path }) => path)
      expect(paths, label).toHaveLength([...IN_TWO_FILES, ...TWICE].includes(label) ? 2 : 1)
      expect(new Set(paths).size, label).toBe(IN_TWO_FILES.includes(label) ? 2 : 1)
      for (const path of paths) expect(roomOf(path), `${label} in ${path}`).toBe(place.in)
    }
  })

  it('have labels that no input reaches: literals, and endings of our own names', () => {
    const others = calls.filter(({ text }) => !/^'[\w-]+'$/.test(text))
    const passed = others.map(({ path, text }) => `${path} ${text.replace(/\$\{\w+\}/, '…')}`)
    const expected = FAMILIES.flatMap(({ path, endings }) =>
      endings.map((ending) => `${path} \`…-${ending}\``),
    )
    expect(passed.toSorted()).toEqual(expected.toSorted())
  })
})
