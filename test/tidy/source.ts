import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

export const ROOT = join(import.meta.dirname, '..', '..')

export type SourceFile = {
  /** Relative to the project, with forward slashes. */
  readonly path: string
  readonly text: string
  readonly imports: readonly string[]
}

/** All TypeScript files below these folders of the project. */
export function sourceFiles(...folders: readonly string[]): readonly SourceFile[] {
  return folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.includes('node_modules'))
      .map((name) => readSource(join(folder, name))),
  )
}

export const readDocument = (name: string): string => readFileSync(join(ROOT, name), 'utf8')

function readSource(name: string): SourceFile {
  const path = name.replaceAll('\\', '/')
  const text = readFileSync(join(ROOT, name), 'utf8')
  return { path, text, imports: importsIn(path, text) }
}

/** What a file imports or exports from elsewhere, types included. */
export function importsIn(path: string, text: string): readonly string[] {
  const code = text.replaceAll(/^\s*(?:\/\/|\*|\/\*).*$/gm, '')
  const found = code.matchAll(
    /^(?:import\s+'|(?:import|export)\b[^;'"]*?\bfrom\s+'|.*\bimport\(')([^']+)'/gm,
  )
  return Array.from(found, ([, specifier = '']) => resolveImport(path, specifier))
}

/** A path inside the project, or the name of a package or of a part of Node. */
function resolveImport(from: string, specifier: string): string {
  if (specifier.startsWith('.')) {
    return relative(ROOT, join(ROOT, dirname(from), specifier)).replaceAll('\\', '/')
  }
  if (specifier.startsWith('node:')) return specifier
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

/** The room of a file: `ledger` for src/ledger/x.ts, `main.ts` for src/main.ts. */
export const roomOf = (path: string): string => path.split('/')[1] ?? path

/** Rows of the first Markdown table after this heading, as cells without backticks. */
export function table(document: string, heading: string): readonly (readonly string[])[] {
  const after = readDocument(document).split(`\n## ${heading}\n`)[1] ?? ''
  const rows = (after.split('\n## ')[0] ?? '').split('\n').filter((line) => line.startsWith('|'))
  return rows.slice(2).map((row) =>
    row
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.replaceAll('`', '').trim()),
  )
}
