import type { Command } from 'commander'
import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import type { Submission } from '../../domain/job.ts'
import { systemClock } from '../../platform/clock.ts'
import type { Invocation } from '../command.ts'
import { readInputs } from '../inputs.ts'
import { startUploadLine } from '../print/upload-line.ts'
import { submitWithInputs } from '../submit-with-inputs.ts'
import { onHub } from '../hub-command.ts'
import { readInput } from '../read-input.ts'
import { reportSubmitted } from '../report-submitted.ts'
import { addSubmissionFlags, SubmissionFlags, submissionOf } from '../submission.ts'

const Flags = z.object({
  ...SubmissionFlags.shape,
  prompt: z.string().optional(),
  file: z.string().optional(),
  wait: z.boolean().default(false),
})
type Flags = z.infer<typeof Flags>

/** `millwright submit`: hands a job to the hub; with --wait it shows the job to its end. */
export function addSubmit(program: Command, invocation: Invocation): void {
  const command = program
    .command('submit')
    .summary('hand in a job')
    .description('Hands in a job: work on a git repository by an agent.')
    .usage('--repo <address> [flags] "<prompt>" [-- agent program and arguments]')
    .argument('[prompt]', 'what to do; - reads it from stdin')
    .option('--prompt <text>', 'the same as the argument')
    .option('--file <path>', 'the whole job as JSON instead of flags; - reads it from stdin')
    .option('--wait', 'show the job live; the exit code is its outcome')
  addSubmissionFlags(command)
  onHub(command, invocation, Flags, async ({ flags, args, print, connect }) => {
    const body = await submission(flags, args, invocation)
    const { inputs, leftOut } = await readInputs(flags.input, invocation.terminal.cwd)
    if (leftOut !== null) print.note(leftOut)
    const client = await connect()
    const accepted = await submitWithInputs(client, body, inputs, (total) =>
      startUploadLine(total, { print, terminal: invocation.terminal, clock: systemClock }),
    )
    await reportSubmitted(invocation, client, print, { accepted, wait: flags.wait })
  })
}

async function submission(
  flags: Flags,
  args: readonly string[],
  { terminal, rest }: Invocation,
): Promise<z.input<typeof Submission>> {
  const [argument] = args
  if (flags.file !== undefined) {
    if (argument !== undefined || flags.prompt !== undefined || flags.repo !== undefined) {
      throw new AppError('usage-invalid', '--file holds the whole job; give prompt and repo in it')
    }
    return parseJob(await readInput(flags.file, terminal), flags.file)
  }
  if (argument !== undefined && flags.prompt !== undefined) {
    throw new AppError('usage-invalid', 'The prompt was given twice: as argument and as --prompt')
  }
  const given = argument ?? flags.prompt
  if (given === undefined) throw new AppError('usage-invalid', 'submit needs a prompt')
  const prompt = argument === '-' ? await readInput('-', terminal) : given
  if (prompt.trim() === '') throw new AppError('usage-invalid', 'The prompt is empty')
  return submissionOf(flags, prompt, rest, terminal.cwd)
}

/** The hub checks it thoroughly and names what is wrong; here it only has to be an object. */
const AnyJob = z.custom<z.input<typeof Submission>>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
)

function parseJob(text: string, source: string): z.input<typeof Submission> {
  try {
    return AnyJob.parse(JSON.parse(text))
  } catch (error) {
    const why = error instanceof SyntaxError ? error.message : 'it is no JSON object'
    throw new AppError('usage-invalid', `${source} holds no job: ${why}`, { cause: error })
  }
}
