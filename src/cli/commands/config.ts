import { hostname } from 'node:os'
import type { Command } from 'commander'
import type { z } from 'zod'
import { given, readConfig } from '../../config/read.ts'
import { AnyConfig, HubConfig, UpConfig } from '../../config/settings.ts'
import { spellings } from '../../config/spelling.ts'
import { addSettings, type Invocation, NoFlags, onRun } from '../command.ts'
import { dataFolder, type HubFile, readHubFile } from '../../compose/data-folder.ts'
import { columns, type Printer, printer } from '../print/printer.ts'
import { safeLine } from '../../words/safe-text.ts'
import { configPath, sourcesOf } from '../../compose/read-settings.ts'

/** `millwright config`: shows the settings and their sources. */
export function defineConfig(config: Command, invocation: Invocation): void {
  addShow(config, invocation)
  addPath(config, invocation)
}

function addShow(config: Command, { terminal }: Invocation): void {
  const command = config
    .command('show')
    .summary('show every setting, its value and its source')
    .description('Shows every setting of the hub and the worker, with its value and its source.')
  addSettings(command, AnyConfig).option('--json', 'print JSON on stdout')
  onRun(command, NoFlags, async () => {
    const { json, ...flags } = command.opts<{ json?: boolean }>()
    const print = printer(terminal, json === true)
    const sources = await sourcesOf(flags, terminal)
    const read = readConfig(AnyConfig, sources)
    const values = new Map(Object.entries(read))
    const fallbacks = fallbacksOf(read, terminal)
    const settings = spellings(AnyConfig).map((setting) => ({
      setting: setting.place,
      value: values.get(setting.key) ?? fallbacks[setting.key] ?? null,
      source: given(setting, sources)?.source ?? 'default',
    }))
    const running = await runningProgram(read, terminal)
    const file = sources.file?.path ?? null
    if (print.json) return print.document({ file, settings, running })
    print.line(`file: ${sources.file?.path ?? `none (${configPath(terminal.env)} does not exist)`}`)
    const rows = settings.map(({ setting, value, source }) => [setting, shown(value), source])
    for (const line of columns([['setting', 'value', 'from'], ...rows])) print.line(line)
    if (running !== null) printRunning(running, read, print)
  })
}

/**
 * Reads the URL, process id and settings of the program that runs on this data folder; null if no
 * program runs on it.
 */
async function runningProgram(
  { data }: z.output<typeof AnyConfig>,
  { env, cwd }: Invocation['terminal'],
): Promise<HubFile | null> {
  return readHubFile(dataFolder(data, env, cwd))
}

/**
 * Settings that select the data folder. They are not compared: both programs use the same folder.
 */
const PLACES: ReadonlySet<string> = new Set(['config', 'data'])

/** Prints which settings of a running program differ from those of this shell. */
function printRunning(
  { url, pid, settings }: HubFile,
  read: z.output<typeof AnyConfig>,
  print: Printer,
): void {
  const program = `process ${pid}, which runs with this data folder at ${url}`
  print.line('')
  if (settings === undefined) return print.line(`The settings of ${program}, are unknown.`)
  const here = new Map(Object.entries(read))
  // Only `up` also has worker settings, such as `slots`; `hub` does not.
  const rows = spellings('slots' in settings ? UpConfig : HubConfig)
    .filter(({ key }) => !PLACES.has(key))
    .map(({ key, place }) => [place, shown(here.get(key) ?? null), shown(settings[key] ?? null)])
    .filter(([, own, running]) => own !== running)
  if (rows.length === 0) return print.line(`The settings of ${program}, are the same.`)
  print.line(`These are the settings of this shell. Those of ${program}, differ:`)
  for (const line of columns([['setting', 'here', 'running'], ...rows])) print.line(line)
}

function addPath(config: Command, { terminal }: Invocation): void {
  const command = config
    .command('path')
    .description('Prints the default path of the configuration file.')
  onRun(command, NoFlags, async () => {
    printer(terminal, false).line(configPath(terminal.env))
  })
}

/** The defaults that depend on this machine, by the keys of the settings. */
function fallbacksOf(
  { data }: z.output<typeof AnyConfig>,
  { env, cwd }: Invocation['terminal'],
): Readonly<Record<string, string>> {
  const folder = dataFolder(data, env, cwd)
  return { data: folder, store: folder, name: hostname() }
}

/**
 * A setting's value as text. It reveals no secret, because `Secret` serializes as a placeholder.
 */
const shown = (value: unknown): string =>
  value === null ? '-' : safeLine(typeof value === 'string' ? value : JSON.stringify(value))
