import { isMap, isNode, isScalar, LineCounter, parseDocument, visit, type YAMLMap } from 'yaml'
import { AppError } from '../domain/errors.ts'
import { nearMiss } from '../domain/near-miss.ts'
import { AnyConfig } from './settings.ts'
import { spellings } from './spelling.ts'

/**
 * The settings in a file, by their names in the file (such as `git.sign`), each with its line
 * number.
 */
export type ConfigFile = {
  readonly path: string
  readonly entries: ReadonlyMap<string, { readonly value: unknown; readonly line: number }>
}

/**
 * Parses a configuration file in YAML. Throws `config-invalid` for invalid YAML, for an unknown
 * setting, and for a setting that is not allowed in a file. The message names the file and the
 * line, and the most similar known setting if there is one.
 * @param path the file's path, used only in messages
 */
export function parseConfigFile(text: string, path: string): ConfigFile {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const wrong = (offset: number, message: string): AppError =>
    new AppError('config-invalid', `${path}:${lines.linePos(offset).line}: ${message}`)
  const [error] = document.errors
  if (error !== undefined) throw wrong(error.pos[0], error.message)
  // Aliases are refused: settings do not need them, and nested aliases can expand exponentially.
  visit(document, {
    Alias: (_, { range }) => {
      throw wrong(range?.[0] ?? 0, 'a YAML alias (*name) is not allowed; write the value instead')
    },
  })
  const { contents } = document
  if (contents === null) return { path, entries: new Map() }
  if (!isMap(contents)) throw wrong(0, 'the file must contain settings, each as `name: value`')

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

/** The names allowed in a file. `config` is not one of them, because it selects the file. */
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
    meant === undefined ? 'docs/reference/settings.md lists all settings' : `did you mean ${meant}?`
  return `${JSON.stringify(place)} is not a setting; ${hint}`
}

type Document = ReturnType<typeof parseDocument>

const plain = (document: Document, value: unknown): unknown =>
  isNode(value) ? value.toJS(document) : value
