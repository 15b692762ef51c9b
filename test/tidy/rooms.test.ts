import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { crossImports, cyclicFiles } from './import-rules.ts'
import { readDocument, ROOT, roomOf, sourceFiles, table } from './source.ts'

const files = sourceFiles('src')
const everything = [...files, ...sourceFiles('test', 'bench', 'scripts')]
const production = files.filter(({ path }) => !path.endsWith('.test.ts'))
const ENTRIES = [
  'src/main.ts',
  'src/gateway/main.ts',
  'src/agents/builtin/main.ts',
  'src/worker/guard/main.ts',
  'src/worker/keep-leases/main.ts',
]

/** Room → rooms it may import, from the table in ARCHITECTURE.md. */
const allowed = new Map(
  table('ARCHITECTURE.md', 'Rooms').map(([folder = '', , may = '']) => [
    folder.replace(/^src\//, '').replace(/\/$/, ''),
    may.split(', '),
  ]),
)

describe('rooms', () => {
  it('every folder of src stands in the table of ARCHITECTURE.md, and every row exists', () => {
    const rooms = readdirSync(join(ROOT, 'src')).filter((name) => !name.endsWith('.test.ts'))
    expect(rooms.toSorted()).toEqual([...allowed.keys()].toSorted())
  })

  it('a room imports only itself and what ARCHITECTURE.md allows', () => {
    const breaches = production.flatMap(({ path, imports }) =>
      imports
        .filter((target) => target.startsWith('src/'))
        .filter((target) => !mayImport(roomOf(path), roomOf(target)))
        .map((target) => `${path} imports ${target}`),
    )
    expect(breaches).toEqual([])
  })

  it('a kind imports no other kind, and a drop-in no other drop-in', () => {
    expect(crossImports(production)).toEqual([])
  })

  it('no files import each other in a circle, not even their types', () => {
    expect(cyclicFiles(everything)).toEqual([])
  })

  it('what works on a job knows no lease: the same kind runs wherever its work is kept', () => {
    const rooms = ['kinds', 'turn', 'agents', 'generators', 'checks', 'publish', 'pipeline']
    const breaches = production
      .filter(({ path }) => rooms.includes(roomOf(path)))
      .filter(({ imports }) => imports.includes('src/domain/lease.ts'))
    expect(breaches.map(({ path }) => path)).toEqual([])
  })

  it('words need no Node: a page shows the same sentences', () => {
    const breaches = production
      .filter(({ path }) => roomOf(path) === 'words')
      .filter(({ imports, text }) =>
        imports.some((name) => name.startsWith('node:') || /\bprocess\./.test(text)),
      )
    expect(breaches.map(({ path }) => path)).toEqual([])
  })

  it('production code never imports tests', () => {
    const breaches = production.filter(({ imports }) =>
      imports.some((target) => target.startsWith('test/') || target.endsWith('.test.ts')),
    )
    expect(breaches.map(({ path }) => path)).toEqual([])
  })

  it('every file is reached from a program or a test', () => {
    const imported = new Set(everything.flatMap(({ imports }) => imports))
    const lonely = production.filter(({ path }) => !imported.has(path) && !ENTRIES.includes(path))
    expect(lonely.map(({ path }) => path)).toEqual([])
  })

  it('each dependency is named with its rooms in ARCHITECTURE.md and imported only there', () => {
    const rooms = new Map(
      table('ARCHITECTURE.md', 'Dependencies').map(([name = '', room = '']) => [name, room]),
    )
    const manifest: unknown = JSON.parse(readDocument('package.json'))
    expect([...rooms.keys()].toSorted()).toEqual(dependenciesOf(manifest))
    const breaches = production.flatMap(({ path, imports }) =>
      imports
        .filter((target) => !target.startsWith('src/') && !target.startsWith('node:'))
        .filter((target) => !['everywhere', roomOf(path)].includes(rooms.get(target) ?? ''))
        .map((target) => `${path} imports ${target}`),
    )
    expect(breaches).toEqual([])
  })
})

function mayImport(from: string, target: string): boolean {
  const may = allowed.get(from) ?? []
  if (may.includes('everything but cli')) return target !== 'cli'
  return from === target || may.includes('everything') || may.includes(target)
}

function dependenciesOf(manifest: unknown): readonly string[] {
  if (typeof manifest !== 'object' || manifest === null || !('dependencies' in manifest)) return []
  return Object.keys(manifest.dependencies ?? {}).toSorted()
}
