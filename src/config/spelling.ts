import { z } from 'zod'
import { durationText, sizeText } from '../domain/read-quantity.ts'
import { kebab } from '../domain/text.ts'

/**
 * A setting's description and names. Most names are derived from the setting's key and are absent
 * here. For example, the key `allowHost` gives --allow-host and MILLWRIGHT_ALLOW_HOST.
 */
type Spelling = {
  readonly description: string
  /**
   * The placeholder for the value in the help, such as `file`; absent for a flag without a value.
   */
  readonly takes?: string
  /** The flag can be repeated; in the environment variable, values are separated by commas. */
  readonly repeats?: true
  /** The environment variable; derived from the key if absent. */
  readonly variable?: string
  /** The name in the file, with dots between levels, such as `git.sign`; the key if absent. */
  readonly place?: string
  /** The value is a path, in which `~` means the home folder. */
  readonly isPath?: true
  /**
   * The variable is not specific to Millwright, and can also be written in lower case, as
   * `http_proxy`.
   */
  readonly isShared?: true
  /** A secret has no flag, because other users of the machine can read command lines. */
  readonly secret?: true
}

/** Describes a setting in the metadata of its schema. */
export const about = (spelling: Spelling): Spelling => spelling

type Settings = z.ZodObject<Record<string, z.ZodType>>

/** A setting with all its names. */
export type Setting = Spelling & {
  readonly key: string
  readonly flag: string
  readonly variable: string
  readonly place: string
  /** The default as text; empty if there is none. */
  readonly fallback: string
}

/** Lists a program's settings with all their names, for flags and documentation. */
export function spellings(schema: Settings): readonly Setting[] {
  return Object.entries(schema.shape).map(([key, setting]) => {
    const spelling = SpellingMeta.parse(setting.meta())
    const words = kebab(key)
    const variable = spelling.variable ?? `MILLWRIGHT_${words.replaceAll('-', '_').toUpperCase()}`
    const value = setting.safeParse(undefined).data
    const fallback = fallbackText(value, spelling.takes)
    const place = spelling.place ?? key
    return { ...spelling, key, flag: `--${words}`, variable, place, fallback }
  })
}

function fallbackText(value: unknown, takes: string | undefined): string {
  if (typeof value === 'string') return value
  if (typeof value !== 'number') return ''
  if (takes === 'time') return durationText(value)
  return takes === 'size' ? sizeText(value) : String(value)
}

const SpellingMeta: z.ZodType<Spelling> = z.object({
  description: z.string(),
  takes: z.string().exactOptional(),
  repeats: z.literal(true).exactOptional(),
  variable: z.string().exactOptional(),
  place: z.string().exactOptional(),
  isPath: z.literal(true).exactOptional(),
  isShared: z.literal(true).exactOptional(),
  secret: z.literal(true).exactOptional(),
})
