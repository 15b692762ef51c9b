import { programCall } from '../version.ts'

/** Flags that say which hub is meant. What starts a hub takes the first two alone. */
const PLACE = ['--data', '--config', '--hub', '--token-file', '--allow-http'] as const
const OF_DAEMONS: readonly string[] = PLACE.slice(0, 2)
const SWITCH = '--allow-http'
const DAEMONS = /^(?:up|hub|backup|restore|config)\b/

/** A command in a hint goes on to the end of its clause. */
const COMMAND = /(?<![\w-])millwright ((?:[^.,;)]|\.(?=\S))+)/g

/**
 * A hint whose commands can be typed as they stand: they call the program as it is called from
 * here, and mean the same hub as the command line that led to the hint.
 */
export function hint(text: string, argv: readonly string[], call: string = programCall()): string {
  return text.replaceAll(COMMAND, (_, command: string) => {
    const [own = '', ...program] = command.split(' -- ')
    const flags = placeFlags(argv).filter(
      ({ flag }) => !own.includes(flag) && (!DAEMONS.test(own) || OF_DAEMONS.includes(flag)),
    )
    const words = [own, ...flags.map(({ written }) => written)].join(' ')
    return `${call} ${[words, ...program].join(' -- ')}`
  })
}

type PlaceFlag = { readonly flag: string; readonly written: string }

/** As they were given, each once. */
function placeFlags(argv: readonly string[]): readonly PlaceFlag[] {
  const end = argv.indexOf('--')
  const own = end === -1 ? argv : argv.slice(0, end)
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
