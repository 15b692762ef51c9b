import type { CommandLine } from '../../domain/hint.ts'
import { programCall } from '../version.ts'

/** Flags that select a hub. */
const PLACE = ['--data', '--config', '--hub', '--token-file', '--allow-http'] as const
const OF_HOST: readonly string[] = PLACE.slice(0, 2)
const SWITCH = '--allow-http'
/** Commands to run where the hub is; a token is created there if the given one is not accepted. */
const ON_HOST: readonly string[] = ['up', 'hub', 'backup', 'restore', 'config', 'tokens create']

/**
 * A command as the reader can type it: it calls the program as it is called here, and selects the
 * same hub as the current command line.
 */
export function commandText(
  command: CommandLine,
  argv: readonly string[],
  call: string = programCall(),
): string {
  const [own, program] = splitAtDashes(command)
  const onHost = [own[0], own.slice(0, 2).join(' ')].some((name) => ON_HOST.includes(name ?? ''))
  const flags = placeFlags(argv).filter(
    ({ flag }) => !own.includes(flag) && (!onHost || OF_HOST.includes(flag)),
  )
  return [call, ...own, ...flags.map(({ written }) => written), ...program].join(' ')
}

/** The words before the first `--`, and the rest. */
function splitAtDashes(
  words: readonly string[],
): readonly [own: readonly string[], rest: readonly string[]] {
  const at = words.indexOf('--')
  return at === -1 ? [words, []] : [words.slice(0, at), words.slice(at)]
}

type PlaceFlag = { readonly flag: string; readonly written: string }

/** The flags as they were given, each once. */
function placeFlags(argv: readonly string[]): readonly PlaceFlag[] {
  const [own] = splitAtDashes(argv)
  return PLACE.flatMap((flag): readonly PlaceFlag[] => {
    if (flag === SWITCH) return own.includes(flag) ? [{ flag, written: flag }] : []
    const at = own.indexOf(flag)
    const joined = own.find((word) => word.startsWith(`${flag}=`))
    const value = joined?.slice(flag.length + 1) ?? (at === -1 ? undefined : own[at + 1])
    return value === undefined ? [] : [{ flag, written: `${flag} ${quoted(value)}` }]
  })
}

/** Quotes a word for a POSIX shell. */
const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
