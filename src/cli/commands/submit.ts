import { type Command, Option } from 'commander'
import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import type { Submission } from '../../domain/job.ts'
import { nearMiss } from '../../domain/near-miss.ts'
import { KINDS } from '../../kinds/all.ts'
import type { Flag, Kind } from '../../kinds/kind.ts'
import { systemClock } from '../../platform/clock.ts'
import { collect, type Invocation } from '../command.ts'
import { readInputs } from '../inputs.ts'
import { startUploadLine } from '../print/upload-line.ts'
import { submitWithInputs } from '../submit-with-inputs.ts'
import { onHub } from '../hub-command.ts'
import { readInput } from '../read-input.ts'
import { reportSubmitted } from '../report-submitted.ts'
import { addSubmissionFlags, SubmissionFlags, submissionOf } from '../submission.ts'

/** Flags that can be combined with `--file`, in addition to the flags that select the hub. */
const WITH_FILE: ReadonlySet<string> = new Set(['file', 'input', 'wait'])

const Flags = z.object({
  ...SubmissionFlags.shape,
  prompt: z.string().optional(),
  file: z.string().optional(),
  wait: z.boolean().default(false),
})
type Flags = z.infer<typeof Flags>

/** `millwright submit`: submits a job; with --wait, shows it live until it ends. */
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
 * Throws `usage-invalid` if the first argument is almost the name of a kind, such as `cod`. It is
 * probably a typo, but without this error it would be accepted as a prompt.
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
  const own = form.flags.map(optionOf)
  for (const option of own) command.addOption(option)
  command
    .option(
      '--file <path>',
      'file that contains the whole job as JSON, instead of flags; - means stdin',
    )
    .option('--wait', 'show the job live until it ends; the exit code shows its outcome')
    .addHelpText('after', examplesOf(kind))
  addSubmissionFlags(command)
  const described = command.options.filter((option) => !WITH_FILE.has(option.attributeName()))
  onHub(command, invocation, Flags, async ({ flags, args: [argument], print, connect }) => {
    const typed = { command, own, described, argument, flags }
    const body = await (flags.file === undefined
      ? jobOfFlags(kind, typed, invocation)
      : jobInFile(flags.file, typed, invocation))
    const { inputs, skipped } = await readInputs(flags.input, invocation.terminal.cwd)
    if (skipped !== null) print.note(skipped)
    const client = await connect()
    const accepted = await submitWithInputs(client, body, inputs, (total) =>
      startUploadLine(total, { print, terminal: invocation.terminal, clock: systemClock }),
    )
    await reportSubmitted(invocation, client, print, { accepted, wait: flags.wait })
  })
  return command
}

function optionOf({ flag, description, repeats, choices, fallback }: Flag): Option {
  const option = new Option(flag, description)
  if (repeats === true) option.argParser(collect)
  if (choices !== undefined) option.choices(choices)
  return fallback === undefined ? option : option.default(fallback)
}

function examplesOf({ schema, form: { examples = [] } }: Kind): string {
  const lines = examples.map((example) => `  millwright submit ${schema.name} ${example}`)
  return lines.length === 0 ? '' : ['', 'Examples:', ...lines].join('\n')
}

/** The flags and the argument typed after the kind. */
type TypedFlags = {
  readonly command: Command
  /** The flags that only this kind has. */
  readonly own: readonly Option[]
  /** All flags that describe the job; not allowed with --file. */
  readonly described: readonly Option[]
  readonly argument: string | undefined
  readonly flags: Flags
}

async function jobOfFlags(
  { schema, form }: Kind,
  typed: TypedFlags,
  { terminal, rest }: Invocation,
): Promise<z.input<typeof Submission>> {
  const names = typed.own.map((option) => option.attributeName())
  const payload = await form.payload({
    flags: Object.fromEntries(names.map((name) => [name, typed.command.getOptionValue(name)])),
    prompt: await promptOf(typed, terminal),
    rest,
    cwd: terminal.cwd,
  })
  return submissionOf(typed.flags, { kind: schema.name, payload }, systemClock.now())
}

async function promptOf(
  { argument, flags }: TypedFlags,
  terminal: Invocation['terminal'],
): Promise<string | null> {
  if (argument !== undefined && flags.prompt !== undefined) {
    throw new AppError(
      'usage-invalid',
      'The prompt was given twice: as an argument and with --prompt',
    )
  }
  const prompt = argument === '-' ? await readInput('-', terminal) : (argument ?? flags.prompt)
  if (prompt?.trim() === '') throw new AppError('usage-invalid', 'The prompt is empty')
  return prompt ?? null
}

async function jobInFile(
  file: string,
  { command, described, argument }: TypedFlags,
  { terminal, rest }: Invocation,
): Promise<z.input<typeof Submission>> {
  const isTyped = (option: Option): boolean =>
    command.getOptionValueSource(option.attributeName()) === 'cli'
  const conflicting =
    described.find(isTyped)?.long ??
    (argument !== undefined ? 'the prompt' : rest.length > 0 ? 'the program' : undefined)
  if (conflicting !== undefined) {
    throw new AppError(
      'usage-invalid',
      `With --file, the file describes the whole job: put ${conflicting} into the file`,
    )
  }
  return parseJob(await readInput(file, terminal), file === '-' ? 'stdin' : file)
}

/** Checks only that inputs can be added to the job; the hub validates everything else. */
const AnyJob = z
  .custom<z.input<typeof Submission>>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    { error: 'it is not a JSON object', abort: true },
  )
  .refine(({ inputs }) => Array.isArray(inputs ?? []), 'its inputs are not a list')

function parseJob(text: string, source: string): z.input<typeof Submission> {
  try {
    return AnyJob.parse(JSON.parse(text))
  } catch (error) {
    const [issue] = error instanceof z.ZodError ? error.issues : []
    const why = issue?.message ?? (error instanceof Error ? error.message : String(error))
    throw new AppError('usage-invalid', `${source} does not contain a valid job: ${why}`, {
      cause: error,
    })
  }
}
