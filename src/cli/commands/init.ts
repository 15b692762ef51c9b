import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import type { Command } from 'commander'
import { z } from 'zod'
import { fitAgents } from '../../agents/all.ts'
import { AppError, isAppError } from '../../domain/errors.ts'
import { writeDurably } from '../../platform/durable-file.ts'
import { type Invocation, onRun } from '../command.ts'
import { fileText } from '../settings-file-text.ts'
import { findModels, type FoundModel } from '../../doctor/find-models.ts'
import { type Printer, printer } from '../print/printer.ts'
import { safeLine } from '../../words/safe-text.ts'
import { configPath } from '../../compose/read-settings.ts'
import type { Terminal } from '../terminal.ts'
import { WITHOUT_MODEL } from '../../agents/without-model.ts'

const Flags = z.object({
  yes: z.boolean().default(false),
  force: z.boolean().default(false),
  upstream: z.url({ protocol: /^https?$/ }).optional(),
  model: z.string().min(1).max(200).optional(),
})

/** `millwright init`: examines this machine and writes the configuration file. */
export function defineInit(command: Command, { terminal }: Invocation): void {
  command
    .description('Detects the sandbox, agents and models, and writes the configuration file.')
    .option('--yes', 'ask no questions; use what is detected')
    .option('--force', 'replace an existing file')
    .option('--upstream <url>', 'URL of a model server with an OpenAI-compatible API')
    .option('--model <name>', 'model on that server for the built-in agent to use')
  onRun(command, Flags, async (flags) => {
    const print = printer(terminal, false)
    const path = configPath(terminal.env)
    if (existsSync(path) && !flags.force) {
      throw new AppError('config-exists', `The configuration file already exists: ${path}`)
    }
    await printSandbox(terminal, print)
    const model = await chooseModel(flags, terminal, print)
    if (flags.upstream !== undefined && (await findModels({}, [flags.upstream])).length === 0) {
      print.line(`warning: no model server answers at ${flags.upstream} now`)
    }
    await writeDurably(path, fileText(model))
    const agents = await fitAgents(
      { path: terminal.env['PATH'] ?? '' },
      model === null ? [] : [model.provider],
    )
    print.line(`agents: ${agents.map(({ name }) => name).join(', ')}`)
    print.line(`wrote ${path}`)
    if (model === null) {
      print.line(`no model: ${WITHOUT_MODEL}. To use a model, do one of these:`)
      print.line('  set ANTHROPIC_API_KEY or OPENAI_API_KEY in the environment of the worker')
      print.line(`  set upstreamAnthropic or upstreamOpenai in ${path}`)
    }
    print.line(`next: ${print.command(['up'])}`)
  })
}

async function printSandbox({ env }: Terminal, print: Printer): Promise<void> {
  // Imported only when the command runs, because the help does not need the code of the sandbox.
  const { findBubblewrap } = await import('../../sandbox/find-bubblewrap.ts')
  const { silentLog } = await import('../../platform/log.ts')
  try {
    await findBubblewrap({ path: env['PATH'] ?? '', log: silentLog })
    print.line('sandbox: bubblewrap')
  } catch (error) {
    if (!isAppError(error, 'sandbox-missing')) throw error
    print.line(`sandbox: not found. ${print.hint(error.fix)}`)
  }
}

async function chooseModel(
  { yes, upstream, model }: z.output<typeof Flags>,
  terminal: Terminal,
  print: Printer,
): Promise<FoundModel | null> {
  if (upstream !== undefined) return serverAt(upstream, model)
  const found = await findModels(terminal.env)
  found.forEach(({ about }, index) => print.line(`model ${index + 1}: ${safeLine(about)}`))
  if (yes || !isPerson(terminal) || found.length === 1) return found[0] ?? null
  const asked =
    found.length === 0
      ? 'URL of a model server with an OpenAI-compatible API (leave empty for none): '
      : `Which model? [1-${found.length}, default 1] `
  const answer = await ask(terminal, asked)
  if (found.length > 0) return found[Number(answer === '' ? 1 : answer) - 1] ?? null
  return answer === '' ? null : serverAt(answer, model)
}

const serverAt = (url: string, model: string | undefined): FoundModel => ({
  about: url,
  provider: 'openai',
  settings: [
    `upstreamOpenai: ${url}`,
    ...(model === undefined ? [] : [`model: ${JSON.stringify(model)}`]),
  ],
})

const isPerson = ({ stdin }: Terminal): boolean => 'isTTY' in stdin && stdin.isTTY === true

async function ask({ stdin, stdout }: Terminal, question: string): Promise<string> {
  using lines = createInterface({ input: stdin, output: stdout })
  return (await lines.question(question)).trim()
}
