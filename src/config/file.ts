import { isMap, isNode, isScalar, LineCounter, parseDocument, visit, type YAMLMap } from 'yaml'
import { AppError } from '../domain/errors.ts'
import { nearMiss } from '../domain/near-miss.ts'
import { AnyConfig, spellings } from './settings.ts'

/** Settings as a file gives them, by place, each with the line it stands on. */
export type ConfigFile = {
  readonly path: string
  readonly entries: ReadonlyMap<string, { readonly value: unknown; readonly line: number }>
}

/**
 * Reads a file of settings, in YAML. Throws `config-invalid` for what is no YAML, for a setting that
 * does not exist, with the one that was probably meant, and for one that does not belong in a file;
 * each names file and line.
 * @param path for the messages
 */
export function parseConfigFile(text: string, path: string): ConfigFile {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const wrong = (offset: number, message: string): AppError =>
    new AppError('config-invalid', `${path}:${lines.linePos(offset).line}: ${message}`)
  const [error] = document.errors
  if (error !== undefined) throw wrong(error.pos[0], error.message)
  // Aliases of aliases can grow without end, and nobody needs one here.
  visit(document, {
    Alias: (_, { range }) => {
      throw wrong(range?.[0] ?? 0, 'an alias (*name) is not taken; write the value out')
    },
  })
  const { contents } = document
  if (contents === null) return { path, entries: new Map() }
  if (!isMap(contents)) throw wrong(0, 'must hold settings, each as `name: value`')

  const entries = new Map<string, { value: unknown; line: number }>()
  const collect = (map: YAMLMap, above: string): void => {
    for (const { key, value } of map.items) {
      const offset = isScalar(key) ? (key.range?.[0] ?? 0) : 0
      const place = `${above}${isScalar(key) ? String(key.value) : '?'}`
      if (isGroup(place) && isMap(value)) collect(value, `${place}.`)
      else if (PLACES.has(place)) {
        const line = lines.linePos(offset).line
        entries.set(place, { value: plain(document, value), line })
      } else throw wrong(offset, unknown(place))
    }
  }
  collect(contents, '')
  return { path, entries }
}

/** Not in a file: where it lies itself. */
const PLACES = new Set(
  spellings(AnyConfig)
    .map(({ place }) => place)
    .filter((place) => place !== 'config'),
)

const isGroup = (place: string): boolean =>
  [...PLACES].some((known) => known.startsWith(`${place}.`))

function unknown(place: string): string {
  const meant = nearMiss(place, PLACES)
  const hint =
    meant === undefined ? 'docs/reference/settings.md lists them' : `did you mean ${meant}?`
  return `${JSON.stringify(place)} is not a setting; ${hint}`
}

type Document = ReturnType<typeof parseDocument>

const plain = (document: Document, value: unknown): unknown =>
  isNode(value) ? value.toJS(document) : value
