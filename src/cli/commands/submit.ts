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

/** Flags that may stand beside `--file`; those of the hub may, too. */
const BESIDE_FILE: ReadonlySet<string> = new Set(['file', 'input', 'wait'])

const Flags = z.object({
  ...SubmissionFlags.shape,
  prompt: z.string().optional(),
  file: z.string().optional(),
  wait: z.boolean().default(false),
})
type Flags = z.infer<typeof Flags>

/** `millwright submit`: hands a job to the hub; with --wait it shows the job to its end. */
export function defineSubmit(submit: Command, invocation: Invocation): void {
  submit
    .description(`Hands in a job: of the kind ${KINDS[0].schema.name} unless another one is named.`)
    .usage('[kind] [flags] …')
    .helpCommand(false)
  const [usual] = KINDS.map((kind) => addKind(submit, kind, invocation))
  submit.addHelpText('after', () => `\n${usual?.helpInformation()}`)
  submit.hook('preSubcommand', ({ args: [first = ''] }) => demandKind(first))
}

/** What stands first is a kind, a flag or a prompt. A prompt of one word is hardly ever almost a kind. */
function demandKind(first: string): void {
  const names = KINDS.map(({ schema }) => schema.name)
  const near = names.includes(first) ? undefined : nearMiss(first, names)
  if (near === undefined) return
  const meant = `There is no kind ${JSON.stringify(first)}. Did you mean ${near}?`
  throw new AppError('usage-invalid', `${meant} A prompt of one word is given with --prompt.`)
}

function addKind(submit: Command, kind: Kind, invocation: Invocation): Command {
  const { schema, form } = kind
  const command = submit
    .command(schema.name, { isDefault: kind === KINDS[0] })
    .description(form.description)
    .usage(form.usage)
  if (form.prompt !== undefined) {
    command.argument('[prompt]', form.prompt).option('--prompt <text>', 'the same as the argument')
  }
  const own = form.flags.map(optionOf)
  for (const option of own) command.addOption(option)
  command
    .option('--file <path>', 'the whole job as JSON instead of flags; - reads it from stdin')
    .option('--wait', 'show the job live; the exit code is its outcome')
    .addHelpText('after', examplesOf(kind))
  addSubmissionFlags(command)
  const described = command.options.filter((option) => !BESIDE_FILE.has(option.attributeName()))
  onHub(command, invocation, Flags, async ({ flags, args: [argument], print, connect }) => {
    const typed = { command, own, described, argument, flags }
    const body = await (flags.file === undefined
      ? jobOfFlags(kind, typed, invocation)
      : jobInFile(flags.file, typed, invocation))
    const { inputs, leftOut } = await readInputs(flags.input, invocation.terminal.cwd)
    if (leftOut !== null) print.note(leftOut)
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

/** What was typed behind a kind. */
type TypedFlags = {
  readonly command: Command
  /** The flags of the kind, without those of every job. */
  readonly own: readonly Option[]
  /** All flags that describe the job, which a file does instead. */
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
    throw new AppError('usage-invalid', 'The prompt was given twice: as argument and as --prompt')
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
  const beside =
    described.find(isTyped)?.long ??
    (argument !== undefined ? 'the prompt' : rest.length > 0 ? 'the program' : undefined)
  if (beside !== undefined) {
    throw new AppError('usage-invalid', `--file holds the whole job; give ${beside} in it`)
  }
  return parseJob(await readInput(file, terminal), file)
}

/** The hub checks it thoroughly and names what is wrong; here inputs may join those it names. */
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
    throw new AppError('usage-invalid', `${source} holds no job: ${why}`, { cause: error })
  }
}
