import type { z } from 'zod'
import { AppError } from '../domain/errors.ts'
import { nearMiss } from '../domain/near-miss.ts'
import { readPlainly } from '../domain/plain-words.ts'
import { expandHome } from './expand-home.ts'
import type { ConfigFile } from './file.ts'
import { AnyConfig } from './settings.ts'
import { type Setting, spellings } from './spelling.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * The sources of settings, highest precedence first. If no source has a value, the default applies.
 */
export type Sources = {
  /** The values given with flags, by the key of the setting, such as `allowHost`. */
  readonly flags: Readonly<Record<string, unknown>>
  readonly env: Environment
  readonly file: ConfigFile | null
}

/** A value as it was given, and its source as shown in messages. */
type Given = { readonly value: unknown; readonly source: string }

/**
 * Returns the value given for a setting, and its source; in a path, `~` is replaced. Returns
 * undefined if the default applies. Throws `usage-invalid` if the path contains a variable.
 */
export function given(setting: Setting, sources: Sources): Given | undefined {
  const found = asGiven(setting, sources)
  if (setting.isPath !== true || typeof found?.value !== 'string') return found
  return { ...found, value: expandHome(found.value, sources.env['HOME'], found.source) }
}

function asGiven(setting: Setting, { flags, env, file }: Sources): Given | undefined {
  const { key, flag, variable, place } = setting
  if (flags[key] !== undefined) return { value: flags[key], source: flag }
  const inEnvironment =
    nonEmpty(env[variable]) ??
    (setting.isShared === true ? nonEmpty(env[variable.toLowerCase()]) : undefined)
  if (inEnvironment !== undefined) return { value: inEnvironment, source: variable }
  const entry = file?.entries.get(place)
  if (file === null || entry === undefined) return undefined
  return { value: entry.value, source: `${file.path}:${entry.line} ${place}` }
}

/**
 * Combines and validates the settings of one program. Throws `usage-invalid` for an invalid value;
 * the message names the flag, the variable or the place in the file that the value came from.
 */
export function readConfig<Schema extends z.ZodObject<Record<string, z.ZodType>>>(
  schema: Schema,
  sources: Sources,
): z.output<Schema> {
  const found = new Map(
    spellings(schema).flatMap((setting) => {
      const value = given(setting, sources)
      return value === undefined ? [] : [[setting.key, value] as const]
    }),
  )
  const values = [...found].map(([key, { value }]) => [key, value] as const)
  const parsed = readPlainly(schema, Object.fromEntries(values))
  if (parsed.ok) return parsed.value
  const [{ path, message }] = parsed.faults
  const [key, ...inside] = path
  const source = found.get(String(key))?.source ?? 'a setting'
  const where = [source, ...inside.map(String)].join('.')
  throw new AppError('usage-invalid', `${where}: ${message}`)
}

/** Returns a warning for each MILLWRIGHT_ variable that is not a setting. */
export function unknownVariables(env: Environment): readonly string[] {
  const known = new Set([
    ...spellings(AnyConfig).map(({ variable }) => variable),
    ...GIVEN_TO_AGENTS,
  ])
  return Object.keys(env)
    .filter((name) => name.startsWith('MILLWRIGHT_') && !known.has(name))
    .map((name) => {
      const meant = nearMiss(name, known)
      return `${name} is not a setting${meant === undefined ? '' : `; did you mean ${meant}?`}`
    })
}

/**
 * Variables that the worker sets for agents. An agent may run this program, and then the program must
 * not warn about these variables.
 */
const GIVEN_TO_AGENTS = [
  'MILLWRIGHT_PROMPT',
  'MILLWRIGHT_ATTEMPT',
  'MILLWRIGHT_JOB',
  'MILLWRIGHT_INPUTS',
  'MILLWRIGHT_OUTPUTS',
  'MILLWRIGHT_REQUEST',
  'MILLWRIGHT_MODEL_TOKEN',
] as const

/** An empty variable counts as not set. */
const nonEmpty = (text: string | undefined): string | undefined => (text === '' ? undefined : text)
