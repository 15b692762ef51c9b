import { type Command, Option } from 'commander'
import { z } from 'zod'
import { LogStream } from '../../domain/attempt.ts'
import { AppError } from '../../domain/errors.ts'
import { type Hint, hint } from '../../domain/hint.ts'
import { type JobId, shortId } from '../../domain/id.ts'
import type { Job } from '../../domain/job.ts'
import { isTerminal } from '../../domain/state.ts'
import type { HubClient } from '../../protocol/client.ts'
import type { Invocation } from '../command.ts'
import { onHub } from '../hub-command.ts'
import { findJob, JOB_HELP } from '../find-job.ts'
import { storyOf } from '../job-kind.ts'
import { readLog } from '../../protocol/follow-job.ts'
import { readNextStep } from '../next-step.ts'
import { verdictLines } from '../print/job.ts'
import type { Printer } from '../print/printer.ts'
import { logText } from '../print/log-text.ts'
import { lineSplitter } from '../../words/transcript.ts'
import { watchJob } from '../watch-job.ts'

const Flags = z.object({
  follow: z.boolean().default(false),
  stream: LogStream.optional(),
  attempt: z.coerce.number().int().min(1).optional(),
})

/** `millwright logs`: prints the agent's transcript, its output, or the output of the checks. */
export function defineLogs(command: Command, invocation: Invocation): void {
  command
    .description('Prints one of a job’s logs as text, or as JSON lines with --json.')
    .argument('<job>', JOB_HELP)
    .option('-f, --follow', 'keep printing until the job ends; the exit code shows its outcome')
    .option(
      '--attempt <number>',
      'log of this attempt (default: the newest attempt; with -f, all attempts)',
    )
    .addOption(
      new Option(
        '--stream <name>',
        'which log (default: transcript, or output if the agent writes no transcript)',
      ).choices(LogStream.options),
    )
  onHub(command, invocation, Flags, async ({ flags, args: [text = ''], print, connect }) => {
    const client = await connect()
    const job = await findJob(client, text)
    const asked = await client.call('getJob', { params: { job } })
    const isOver = isTerminal(asked.state)
    if (!flags.follow || isOver) checkAttempt(flags.attempt, asked)
    const stream = flags.stream ?? storyOf(asked)
    const what = { job, stream, attempt: flags.attempt }
    if (flags.follow) {
      const ended = await watchJob(invocation, client, print, { ...what, show: 'log' })
      if (ended !== null) await noteVerdict(client, ended, print)
    } else {
      await printLog(client, print, what)
      // The agent may end its log with “Done.” although it changed nothing, so print the job's
      // result too.
      if (asked.reason === 'no-change') await noteVerdict(client, asked, print)
    }
  })
}

async function noteVerdict(client: HubClient, job: Job, print: Printer): Promise<void> {
  const next = await readNextStep(client, job)
  print.note(verdictLines(job, next, { ...print, paint: plain }).join('\n'))
}

function checkAttempt(attempt: number | undefined, job: Job): void {
  if (attempt === undefined || attempt <= job.attempt) return
  const had = job.attempt === 1 ? 'one attempt' : `${job.attempt} attempts`
  throw new AppError('usage-invalid', `--attempt: ${attempt} is too high; the job has had ${had}`)
}

/** A hint that a log is empty. Lists the commands that print the job's other logs. */
function nothingIn(job: JobId, stream: z.infer<typeof LogStream>): Hint {
  const others = LogStream.options.filter((name) => name !== stream)
  const commands = others.map((name) => ['logs', shortId(job), '--stream', name] as const)
  return hint(`The log "${stream}" is empty. To print another log, run`, ...commands)
}

const plain: Printer['paint'] = (_, words) => words

/** Prints the current content of a log. Waits whenever stdout accepts no more text. */
async function printLog(
  client: HubClient,
  print: Printer,
  what: Pick<Parameters<typeof readLog>[1], 'job' | 'stream' | 'attempt'>,
): Promise<void> {
  const lines = lineSplitter()
  const show = (whole: readonly string[]): void => {
    const text = logText(whole, what.stream, print)
    if (text !== null) print.line(text)
  }
  const decoder = new TextDecoder()
  let offset = 0
  for (;;) {
    const { bytes } = await readLog(client, { ...what, offset, waitMs: 0 })
    if (bytes.length === 0) break
    offset += bytes.length
    show(lines.push(decoder.decode(bytes, { stream: true })))
    if (!(await print.drained())) return
  }
  show(lines.end())
  if (offset === 0) print.note(print.hint(nothingIn(what.job, what.stream)))
}
