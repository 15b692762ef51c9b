import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { referenceDocuments } from '../../scripts/reference.ts'
import { AGENTS } from '../../src/agents/all.ts'
import { KINDS } from '../../src/kinds/all.ts'
import { readDocument, ROOT, sourceFiles, table } from './source.ts'

const production = sourceFiles('src').filter(({ path }) => !path.endsWith('.test.ts'))
const everything = [...sourceFiles('src', 'test', 'bench', 'scripts', 'examples')]
const tests = everything.filter(({ path }) => path.startsWith('test/') || path.endsWith('.test.ts'))

/** Lines of files that hold the pattern, as `path: line`. */
function holding(
  files: readonly { path: string; text: string }[],
  pattern: RegExp,
): readonly string[] {
  return files.flatMap(({ path, text }) =>
    text
      .split('\n')
      .filter((line) => pattern.test(line))
      .map((line) => `${path}: ${line.trim()}`),
  )
}

describe('rules', () => {
  it('no file is longer than 400 lines', () => {
    const long = everything.filter(({ text }) => text.split('\n').length > 401)
    expect(long.map(({ path, text }) => `${path}: ${text.split('\n').length}`)).toEqual([])
  })

  it('the linter holds functions to 70 lines and files to 400', () => {
    const rules = readDocument('.oxlintrc.json')
    expect(rules).toContain('"max-lines-per-function": ["error", { "max": 70 }]')
    expect(rules).toContain('"max-lines": ["error", { "max": 400 }]')
  })

  it('the environment is read in main.ts alone', () => {
    const others = production.filter(({ path }) => path !== 'src/main.ts')
    expect(holding(others, /\bprocess\.env\b/)).toEqual([])
  })

  it('the domain reads no time and no chance', () => {
    const domain = production.filter(({ path }) => path.startsWith('src/domain/'))
    expect(
      holding(
        domain,
        /\bDate\.now\(|\bnew Date\(|\bperformance\.|\bsetTimeout\(|\bMath\.random\(|\brandomUUID\(/,
      ),
    ).toEqual([])
  })

  it('no command, setting, route or payload knows of probes', () => {
    const edge = production.filter(({ path }) =>
      /^src\/(?:main\.ts|config\/|cli\/|hub\/|kinds\/|protocol\/(?!client))/.test(path),
    )
    expect(edge.length).toBeGreaterThan(100)
    expect(holding(edge, /domain\/probe|Probe\b/)).toEqual([])
  })

  it('only the command line prints', () => {
    const others = production.filter(({ path }) => !path.startsWith('src/cli/'))
    expect(holding(others, /\bconsole\.\w+\(/)).toEqual([])
  })

  it('nothing unfinished is left behind', () => {
    expect(holding(everything, /\b(?:TOD[O]|FIXM[E]|XX[X]|HAC[K])\b/)).toEqual([])
  })

  it('tests are neither switched off by hand, alone, nor fed by module mocks', () => {
    expect(holding(tests, /\b(?:it|test|describe)\.(?:only|todo)\(|\bvi\.mo{1}ck\(/)).toEqual([])
  })

  it('no host of a package registry and no path of one machine stands in the lock file or the sources', () => {
    expect(readDocument('package-lock.json')).not.toContain('"resolved"')
    expect(holding(everything, /\/work\/|registry\.npmjs/)).toEqual([])
  })

  it('every decision record has a context, a choice and a consequence', () => {
    const records = readdirSync(join(ROOT, 'docs', 'decisions'))
    for (const name of records) {
      const text = readDocument(`docs/decisions/${name}`)
      expect(text, name).toMatch(/## Context\n[\s\S]+## Choice\n[\s\S]+## Consequence\n/)
    }
  })
})

/** Each kind and agent, with the files that may name it. */
const declared = [
  ...KINDS.map(({ schema: { name } }) => ({ name, own: `src/kinds/${name}/` })),
  ...AGENTS.map(({ name }) => ({ name, own: `src/agents/${name}` })),
]

/** Files in which such a word is no agent: a git credential may come `from: command`, and a generator is called so. */
const OTHER_MEANINGS: Readonly<Record<string, RegExp>> = {
  command: /^src\/(?:(?:config|workspace)\/(?:git-)?credential[\w-]*|generators\/command)\.ts$/,
}

/** Lines outside its own files that hold the name as a string; the key of a property is no such string. */
function naming(
  { name, own }: (typeof declared)[number],
  files: readonly { path: string; text: string }[],
): readonly string[] {
  const others = files.filter(
    ({ path }) => !path.startsWith(own) && OTHER_MEANINGS[name]?.test(path) !== true,
  )
  return holding(others, new RegExp(`(?<![\\w)\\]]\\[)'${name}'(?! in )`))
}

describe('the names of kinds and agents', () => {
  it.each(declared)('$name stands in its own files alone', (one) => {
    expect(naming(one, production)).toEqual([])
  })

  it.each(declared)('$name would be found elsewhere', (one) => {
    const text = `const job = { kind: '${one.name}' }`
    expect(naming(one, [{ path: 'src/cli/x.ts', text }])).toEqual([`src/cli/x.ts: ${text}`])
    const inList = `new Map([['${one.name}', 1]])`
    expect(naming(one, [{ path: 'src/hub/x.ts', text: inList }])).toHaveLength(1)
    expect(naming(one, [{ path: `${one.own}/x.ts`, text }])).toEqual([])
  })
})

const LISTEN = `
  import { registerHooks } from 'node:module'
  const loaded = []
  registerHooks({ resolve: (name, context, next) => {
    const found = next(name, context)
    loaded.push(found.url)
    return found
  } })
  await import(process.argv[1])
  console.log(loaded.join('\\n'))
`

describe('declarations of kinds and agents', () => {
  it('load no library but the one for schemas, and nothing of what a worker does', () => {
    const file = join(ROOT, 'src', 'kinds', 'all.ts')
    const argv = ['--input-type=module', '--eval', LISTEN, file]
    const loaded = execFileSync(process.execPath, argv, { encoding: 'utf8' }).trim().split('\n')
    const libraries = loaded.flatMap((url) => /node_modules\/([^/]+)/.exec(url)?.[1] ?? [])
    expect([...new Set(libraries)]).toEqual(['zod'])
    const rooms = loaded.flatMap((url) => /\/src\/(\w+)\//.exec(url)?.[1] ?? [])
    expect(rooms).not.toContain('publish')
    expect(rooms).not.toContain('pipeline')
  })
})

describe('documents', () => {
  it('the README lists every agent, with what it needs', () => {
    const rows = table('README.md', 'Agents').map(([name = '', , needs = '']) => ({
      name,
      needsModel: needs.includes('model'),
    }))
    expect(rows).toEqual(
      AGENTS.map(({ name, needsModel }) => ({ name, needsModel: needsModel !== null })),
    )
  })

  it('the README lists every kind', () => {
    const rows = table('README.md', 'Kinds of jobs').map(([name]) => name)
    expect(rows).toEqual(KINDS.map(({ schema }) => schema.name))
  })

  it.each([
    ['invariant', 'SPEC.md', /^\|\s*[A-Z]+-\d+\s*\|/],
    ['threat and fact', 'SECURITY.md', /^\|\s*[ST]\d+\s*\|/],
  ])('every %s of %s names a test that exists', (_, document, numbered) => {
    const rows = readDocument(document)
      .split('\n')
      .filter((line) => numbered.test(line))
    expect(rows.length).toBeGreaterThan(9)
    for (const row of rows) {
      const [, path = '', title = ''] =
        /`((?:src|test)\/[^`]+\.test\.ts|test\/conformance\/[^`]+\.ts)`[^“]*“([^”]+)”/.exec(row) ??
        []
      const test = everything.find((file) => file.path === path)
      expect(test?.text, `${row}\nnames no test file that exists`).toBeDefined()
      expect(test?.text, `${path} has no test with this title`).toContain(title)
    }
  })

  it('the reference pages say what the tables say: run node scripts/reference.ts', () => {
    for (const { path, text } of referenceDocuments()) expect(readDocument(path)).toBe(text)
  })
})
