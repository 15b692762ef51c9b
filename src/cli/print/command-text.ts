import type { CommandLine } from '../../domain/hint.ts'
import { programCall } from '../version.ts'

/** Flags that say which hub is meant. What starts a hub takes the first two alone. */
const PLACE = ['--data', '--config', '--hub', '--token-file', '--allow-http'] as const
const OF_DAEMONS: readonly string[] = PLACE.slice(0, 2)
const SWITCH = '--allow-http'
const DAEMONS: readonly string[] = ['up', 'hub', 'backup', 'restore', 'config']

/**
 * A command that can be typed as it stands: it calls the program as it is called from here, and
 * means the same hub as the command line that led to it.
 */
export function commandText(
  command: CommandLine,
  argv: readonly string[],
  call: string = programCall(),
): string {
  const [own, program] = splitAtDashes(command)
  const flags = placeFlags(argv).filter(
    ({ flag }) =>
      !own.includes(flag) && (!DAEMONS.includes(command[0]) || OF_DAEMONS.includes(flag)),
  )
  return [call, ...own, ...flags.map(({ written }) => written), ...program].join(' ')
}

/** What stands before the first `--`, and the rest. */
function splitAtDashes(
  words: readonly string[],
): readonly [own: readonly string[], rest: readonly string[]] {
  const at = words.indexOf('--')
  return at === -1 ? [words, []] : [words.slice(0, at), words.slice(at)]
}

type PlaceFlag = { readonly flag: string; readonly written: string }

/** As they were given, each once. */
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

/** For a shell. */
const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
