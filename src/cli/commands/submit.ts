import { type Command, Option } from 'commander'
import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import { nearMiss } from '../../domain/near-miss.ts'
import { KINDS } from '../../kinds/all.ts'
import type { Flag, Kind } from '../../kinds/kind.ts'
import { systemClock } from '../../platform/clock.ts'
import { safeLine } from '../../words/safe-text.ts'
import { askedJobs, type TypedCommand } from '../asked-jobs.ts'
import { collect, type Invocation } from '../command.ts'
import { startUploadLine } from '../print/upload-line.ts'
import { submitWithInputs } from '../submit-with-inputs.ts'
import { type HubCall, onHub } from '../hub-command.ts'
import { inputReader } from '../job-of-flags.ts'
import { printDryRun } from '../many/print-dry-run.ts'
import { submitAll } from '../many/submit-all.ts'
import { reportSubmitted } from '../report-submitted.ts'
import { addSubmissionFlags } from '../submission.ts'

const Flags = z.object({
  file: z.string().optional(),
  rows: z.string().optional(),
  dryRun: z.boolean().default(false),
  wait: z.boolean().default(false),
})
type Flags = z.infer<typeof Flags>

/** `millwright submit`: submits jobs; with --wait, waits until they end. */
export function defineSubmit(submit: Command, invocation: Invocation): void {
  submit
    .description(`Submits a job. Its kind is ${KINDS[0].schema.name} unless another kind is given.`)
    .usage('[kind] [flags] …')
    .helpCommand(false)
  const [usual] = KINDS.map((kind) => addKind(submit, kind, invocation))
  submit.addHelpText('after', () => `\n${usual?.helpInformation()}`)
  submit.hook('preSubcommand', ({ args: [first = ''] }) => checkKind(first))
}

/**
 * Throws `usage-invalid` if the first argument is almost the name of a kind, such as `cod`. Such a
 * word is probably a typo, but without this error it would be accepted as a prompt.
 */
function checkKind(first: string): void {
  const names = KINDS.map(({ schema }) => schema.name)
  const near = names.includes(first) ? undefined : nearMiss(first, names)
  if (near === undefined) return
  const meant = `There is no kind of job named ${JSON.stringify(first)}. Did you mean ${near}?`
  throw new AppError('usage-invalid', `${meant} For a prompt of one word, use --prompt.`)
}

function addKind(submit: Command, kind: Kind, invocation: Invocation): Command {
  const { schema, form } = kind
  const command = submit
    .command(schema.name, { isDefault: kind === KINDS[0] })
    .description(form.description)
    .usage(form.usage)
  if (form.prompt !== undefined) {
    command
      .argument('[prompt]', form.prompt)
      .option('--prompt <text>', 'the prompt, as a flag instead of an argument')
  }
  for (const option of form.flags.map(optionOf)) command.addOption(option)
  addSubmissionFlags(command)
  const described = [...command.options]
  command
    .option(
      '--file <path>',
      'file that describes the jobs, instead of flags: one JSON object {"kind": …, "payload": …}, an array, or JSON Lines with one job on each line; docs/job-file.md lists the fields; - means stdin',
    )
    .option(
      '--rows <path>',
      'CSV or JSON Lines file; submits a job for each row and replaces {{name}} in the prompt and the flags by the row’s values; - means stdin',
    )
    .option('--dry-run', 'print the jobs instead of submitting them')
    .option(
      '--wait',
      'wait until the jobs end; the exit code shows the worst outcome; a single job is shown live',
    )
    .addHelpText('after', examplesOf(kind))
  onHub(command, invocation, Flags, async (call) => {
    const { file, rows } = call.flags
    const typed = { command, described, argument: call.args[0], rest: invocation.rest, file, rows }
    await submitTyped(kind, typed, invocation, call)
  })
  return command
}

async function submitTyped(
  kind: Kind,
  typed: TypedCommand,
  invocation: Invocation,
  { flags: { dryRun, wait }, print, connect }: HubCall<Flags>,
): Promise<void> {
  const { terminal } = invocation
  // The notes contain names of files, which may contain anything.
  const note = (text: string): void => print.note(safeLine(text))
  const inputsOf = inputReader(terminal.cwd, note)
  const asked = await askedJobs(kind, typed, { terminal, inputsOf, note })
  if (dryRun) return printDryRun(asked, print)
  const client = await connect()
  if (asked.kind === 'many') {
    return submitAll(invocation, client, print, { batch: asked, wait })
  }
  const { body, inputs } = asked.job
  const accepted = await submitWithInputs(client, body, inputs, (total) =>
    startUploadLine(total, { print, terminal, clock: systemClock }),
  )
  await reportSubmitted(invocation, client, print, { accepted, wait })
}

function optionOf({ flag, description, repeats, choices, fallback }: Flag): Option {
  const option = new Option(flag, description)
  if (repeats === true) option.argParser(collect)
  // Replaces Commander's validation, because the value may be a placeholder such as {{agent}}. The
  // form validates the value after the placeholder is replaced.
  if (choices !== undefined) option.choices(choices).argParser((value: string) => value)
  return fallback === undefined ? option : option.default(fallback)
}

function examplesOf({ schema, form: { examples = [] } }: Kind): string {
  const lines = examples.map((example) => `  millwright submit ${schema.name} ${example}`)
  return lines.length === 0 ? '' : ['', 'Examples:', ...lines].join('\n')
}
