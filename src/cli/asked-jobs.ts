import type { Command, Option } from 'commander'
import { z } from 'zod'
import { AppError } from '../domain/errors.ts'
import type { Kind, Typed } from '../kinds/kind.ts'
import { readFlags } from '../kinds/read-flags.ts'
import { type InputReader, jobOfFlags, type Written } from './job-of-flags.ts'
import { type Batch, batchOf } from './many/batch.ts'
import { checkJob } from './many/check-job.ts'
import { jobsOfRows } from './many/fill-rows.ts'
import { parseJsonOrLines } from './many/json-lines.ts'
import { eachPlaced, FILE_BYTES_MAX, someJobs } from './many/placed.ts'
import type { Prepared } from './many/prepared.ts'
import { readInput, sourceName } from './read-input.ts'
import { SubmissionFlags } from './submission.ts'
import type { Terminal } from './terminal.ts'

/** The jobs that a command line asks for. */
export type Asked =
  | { readonly kind: 'one'; readonly job: Prepared }
  | ({ readonly kind: 'many' } & Batch)

/** The parsed arguments of `submit <kind>`. */
export type TypedCommand = {
  readonly command: Command
  /** The flags that become part of the job, unlike flags such as --wait. */
  readonly described: readonly Option[]
  readonly argument: string | undefined
  readonly rest: readonly string[]
  readonly file: string | undefined
  readonly rows: string | undefined
}

type Tools = {
  readonly terminal: Pick<Terminal, 'stdin' | 'cwd' | 'env'>
  readonly inputsOf: InputReader
  /** Prints a message that is not part of the command's result. */
  readonly note: (text: string) => void
}

/** Flags that set defaults for the jobs in `--file`. A value in the file overrides the flag. */
const FileDefaults = z.object({
  group: SubmissionFlags.shape.group,
  key: SubmissionFlags.shape.key,
  label: SubmissionFlags.shape.label.unwrap().optional(),
  priority: SubmissionFlags.shape.priority,
})

/** Flags that can be combined with `--file`. */
const BESIDE_FILE: ReadonlySet<string> = new Set([...Object.keys(FileDefaults.shape), 'input'])

/** Reads the jobs from the flags, from a file, or from a template and its rows. */
export async function askedJobs(kind: Kind, typed: TypedCommand, tools: Tools): Promise<Asked> {
  const { file, rows } = typed
  if (file !== undefined && rows !== undefined) {
    throw new AppError(
      'usage-invalid',
      '--rows cannot be combined with --file: rows fill in the flags and the prompt',
    )
  }
  if (file !== undefined) return jobsInFile(file, typed, tools)
  const written = await writtenJob(typed, tools)
  const { cwd, env } = tools.terminal
  let note: Typed['note'] = tools.note
  const make = (filled: Written): Promise<Prepared> => {
    const here = { cwd, path: env['PATH'] ?? '', note }
    // Rows usually name the same repository, so only the first row's is checked for warnings.
    note = null
    return jobOfFlags(kind, filled, { here, inputsOf: tools.inputsOf })
  }
  if (rows === undefined) return { kind: 'one', job: await make(written) }
  if (rows === '-' && typed.argument === '-') {
    throw new AppError('usage-invalid', 'stdin cannot be both the prompt and the rows')
  }
  const text = await readInput(rows, tools.terminal, FILE_BYTES_MAX)
  return { kind: 'many', ...(await jobsOfRows({ text, source: sourceName(rows) }, written, make)) }
}

async function writtenJob(typed: TypedCommand, { terminal }: Tools): Promise<Written> {
  const values = valuesOf(typed)
  const { argument, rest } = typed
  if (argument !== undefined && values['prompt'] !== undefined) {
    throw new AppError(
      'usage-invalid',
      'The prompt was given twice: as an argument and with --prompt',
    )
  }
  const flag = z.string().optional().parse(values['prompt'])
  const prompt = argument === '-' ? await readInput('-', terminal) : (argument ?? flag)
  return { values, prompt: prompt ?? null, rest }
}

const valuesOf = ({ command, described }: TypedCommand): Written['values'] =>
  Object.fromEntries(
    described
      .map((option) => option.attributeName())
      .map((name) => [name, command.getOptionValue(name)]),
  )

async function jobsInFile(file: string, typed: TypedCommand, tools: Tools): Promise<Asked> {
  refuseBesideFile(typed)
  const values = valuesOf(typed)
  const { key, label, ...flags } = readFlags(FileDefaults, { flags: values })
  const defaults = { ...flags, labels: label }
  const source = sourceName(file)
  const text = await readInput(file, tools.terminal, FILE_BYTES_MAX)
  const json = parseJsonOrLines(text, source, 'job')
  const inputs = await tools.inputsOf(readFlags(InputFlag, { flags: values }).input)
  const isOne = json.kind === 'one'
  const items = isOne ? [{ place: source, value: json.value }] : someJobs(json.items, source)
  const jobs = await eachPlaced(items, async ({ value }) => ({
    body: checkJob(isObject(value) ? { ...defaults, ...value } : value),
    inputs,
  }))
  const [first] = jobs
  if (isOne && first !== undefined) {
    const { body } = first.value
    return {
      kind: 'one',
      job: { body: { ...body, idempotencyKey: body.idempotencyKey ?? key }, inputs },
    }
  }
  return { kind: 'many', ...batchOf(jobs, { source, group: flags.group, key }) }
}

const InputFlag = SubmissionFlags.pick({ input: true })

function refuseBesideFile({ command, described, argument, rest }: TypedCommand): void {
  const conflicting =
    described
      .filter((option) => !BESIDE_FILE.has(option.attributeName()))
      .find((option) => command.getOptionValueSource(option.attributeName()) === 'cli')?.long ??
    (argument !== undefined ? 'the prompt' : rest.length > 0 ? 'the program' : undefined)
  if (conflicting === undefined) return
  throw new AppError(
    'usage-invalid',
    `${conflicting} cannot be combined with --file: put it into the file`,
  )
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
