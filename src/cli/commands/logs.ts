import { type Command, Option } from 'commander'
import { z } from 'zod'
import type { Invocation } from '../command.ts'
import { onHub } from '../hub-command.ts'
import { findJob, JOB_HELP } from '../find-job.ts'
import { readLog } from '../follow-job.ts'
import { lineSplitter, logLine } from '../print/transcript.ts'
import { LogStream } from '../../protocol/schemas.ts'
import { watchJob } from '../watch-job.ts'

const Flags = z.object({
  follow: z.boolean().default(false),
  stream: LogStream,
  attempt: z.coerce.number().int().min(1).optional(),
})

/** `millwright logs`: what the agent said, what it printed, or what the checks printed. */
export function addLogs(program: Command, invocation: Invocation): void {
  const command = program
    .command('logs')
    .summary('what the agent said and did')
    .description('Prints a log of a job, readable; with --json as it was written.')
    .argument('<job>', JOB_HELP)
    .option('-f, --follow', 'go on until the job ends; the exit code is its outcome')
    .option('--attempt <number>', 'of this attempt (default: the newest; with -f all)')
    .addOption(
      new Option('--stream <name>', 'which log').choices(LogStream.options).default('transcript'),
    )
  onHub(
    command,
    invocation,
    Flags,
    async ({ flags: { follow, stream, attempt }, args: [text = ''], print, connect }) => {
      const client = await connect()
      const job = await findJob(client, text)
      if (follow) {
        await watchJob(invocation, client, print, { job, stream, attempt, show: 'log' })
        return
      }
      const lines = lineSplitter((line) => {
        const shown = logLine(line, stream, print)
        if (shown !== null) print.line(shown)
      })
      const decoder = new TextDecoder()
      let offset = 0
      for (;;) {
        const { bytes } = await readLog(client, { job, stream, attempt, offset, waitMs: 0 })
        if (bytes.length === 0) break
        offset += bytes.length
        lines.push(decoder.decode(bytes, { stream: true }))
      }
      lines.end()
    },
  )
}
