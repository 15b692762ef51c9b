import type { CommandLine } from '../../domain/hint.ts'
import { quoted } from './quoted.ts'

/** Flags that select a hub. */
const HUB_FLAGS = ['--data', '--config', '--hub', '--token-file', '--allow-http'] as const
/** The hub flags that commands in `ON_HOST` accept: --data and --config. */
const HOST_FLAGS: readonly string[] = HUB_FLAGS.slice(0, 2)
const SWITCH = '--allow-http'
/**
 * Commands to run on the hub's machine. `tokens create` is one of them because people need it when
 * the hub does not accept their own token. On the hub's machine, it uses the admin token in the
 * data folder.
 */
const ON_HOST: readonly string[] = ['up', 'hub', 'backup', 'restore', 'config', 'tokens create']

/** A word for the reader to fill in, such as `<job>` or `"<prompt>"`. */
const PLACEHOLDER = /^(?:<[a-z]+>|"<[a-z]+>")$/

/**
 * Formats a command so that the reader can type it. Words are quoted for a POSIX shell, because
 * some, such as the name of a group, were chosen by other people. The command selects the same hub
 * as the current command line.
 * @param call how the reader calls this program
 */
export function commandText(command: CommandLine, argv: readonly string[], call: string): string {
  const [own, program] = splitAtDashes(command)
  const onHost = [own[0], own.slice(0, 2).join(' ')].some((name) => ON_HOST.includes(name ?? ''))
  const given = hubFlags(argv)
  // If --hub is given, --data and --config describe this machine, so a command to run on the hub's
  // machine must not contain them.
  const hostFlags = given.some(({ flag }) => flag === '--hub') ? [] : HOST_FLAGS
  const flags = given.filter(
    ({ flag }) => !own.includes(flag) && (!onHost || hostFlags.includes(flag)),
  )
  const written = flags.map((flag) => flag.written)
  return [call, ...own.map(typed), ...written, ...program.map(typed)].join(' ')
}

const typed = (word: string): string => (PLACEHOLDER.test(word) ? word : quoted(word))

/** Splits words into those before the first `--`, and the rest including the `--`. */
function splitAtDashes(
  words: readonly string[],
): readonly [own: readonly string[], rest: readonly string[]] {
  const at = words.indexOf('--')
  return at === -1 ? [words, []] : [words.slice(0, at), words.slice(at)]
}

type WrittenFlag = { readonly flag: string; readonly written: string }

/** The flags that select the hub, as given on the command line. */
function hubFlags(argv: readonly string[]): readonly WrittenFlag[] {
  const [own] = splitAtDashes(argv)
  return HUB_FLAGS.flatMap((flag): readonly WrittenFlag[] => {
    if (flag === SWITCH) return own.includes(flag) ? [{ flag, written: flag }] : []
    const at = own.indexOf(flag)
    const joined = own.find((word) => word.startsWith(`${flag}=`))
    const value = joined?.slice(flag.length + 1) ?? (at === -1 ? undefined : own[at + 1])
    return value === undefined ? [] : [{ flag, written: `${flag} ${quoted(value)}` }]
  })
}
