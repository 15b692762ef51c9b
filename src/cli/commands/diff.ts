import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { Command } from 'commander'
import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import { diffstat } from '../../words/diffstat.ts'
import { type FileChange, PatchReader } from '../../words/patch.ts'
import { type DifferenceLine, patchDifference } from '../../words/patch-difference.ts'
import { visibleLine } from '../../words/safe-text.ts'
import { lineSplitter } from '../../words/transcript.ts'
import type { ArtifactInfo } from '../../protocol/schemas.ts'
import type { Invocation } from '../command.ts'
import { copyOut } from '../copy-out.ts'
import { findJob, JOB_HELP } from '../find-job.ts'
import { comparable, patchOf } from '../find-patch.ts'
import { onHub } from '../hub-command.ts'
import { openArtifact } from '../open-artifact.ts'
import { withPager } from '../print/pager.ts'
import { differenceText, patchPainter } from '../print/patch-text.ts'
import { type Printer, printer } from '../print/printer.ts'
import type { Terminal } from '../terminal.ts'

const Attempt = z.coerce.number().int().min(1)

const Flags = z.object({
  attempt: Attempt.optional(),
  attempts: z
    .string()
    .regex(/^[1-9]\d*\.\.[1-9]\d*$/, 'must be two attempts, such as 1..2')
    .transform((typed) => typed.split('..').map((number) => Attempt.parse(number)))
    .optional(),
  stat: z.boolean().default(false),
  nameOnly: z.boolean().default(false),
  pager: z.boolean(),
})
type Flags = z.infer<typeof Flags>

/** `millwright diff`: shows the change that a job made. */
export function defineDiff(command: Command, invocation: Invocation): void {
  command
    .description(
      'Shows the change that a job made. A pipe gets the patch unchanged, for git apply.',
    )
    .argument('<job>', JOB_HELP)
    .option(
      '--attempt <number>',
      'the change of this attempt (default: the newest attempt that kept its work)',
    )
    .option(
      '--attempts <numbers>',
      'compare the changes of two attempts, such as 1..2, line by line as git range-diff does',
    )
    .option('--stat', 'only the changed files with the number of changed lines')
    .option('--name-only', 'only the names of the changed files')
    .option('--no-pager', 'print to the terminal directly, not through $PAGER or less')
  onHub(command, invocation, Flags, async ({ flags, args: [id = ''], print, connect }) => {
    checkFlags(flags)
    const client = await connect()
    const params = { job: await findJob(client, id) }
    const [job, { artifacts }] = await Promise.all([
      client.call('getJob', { params }),
      client.call('listArtifacts', { params }),
    ])
    const find = (attempt?: number): ArtifactInfo => patchOf(job, artifacts, attempt)
    const open = (patch: ArtifactInfo): Promise<Readable> => openArtifact(client, job.id, patch)
    if (job.state === 'running') {
      print.note(
        'The job is still running: this is its change up to the agent’s last finished turn.',
      )
    }
    await show(flags, { find, open }, print, invocation.terminal)
  })
}

function checkFlags({ attempt, attempts, stat, nameOnly }: Flags): void {
  if (attempts === undefined || (attempt === undefined && !stat && !nameOnly)) return
  throw new AppError(
    'usage-invalid',
    '--attempts compares two changes and cannot be combined with --attempt, --stat or --name-only',
  )
}

type Patches = {
  readonly find: (attempt?: number) => ArtifactInfo
  readonly open: (patch: ArtifactInfo) => Promise<Readable>
}

async function show(
  { attempt, attempts, stat, nameOnly, pager }: Flags,
  { find, open }: Patches,
  print: Printer,
  terminal: Terminal,
): Promise<void> {
  if (attempts !== undefined) {
    const patches = attempts.map((each) => comparable(find(each)))
    const [one, other] = await Promise.all(patches.map(async (patch) => text(await open(patch))))
    const lines = patchDifference(one ?? '', other ?? '')
    if (print.json) return print.document({ attempts, lines })
    if (lines.length === 0) return print.note('The two attempts made the same change.')
    return await withPager(terminal, pager, (out) => printDifference(lines, out))
  }
  const patch = await open(find(attempt))
  if (stat || nameOnly || print.json) return printFiles(await filesIn(patch), nameOnly, print)
  await withPager(terminal, pager, (out) => printPatch(patch, out))
}

async function filesIn(patch: Readable): Promise<readonly FileChange[]> {
  const reader = new PatchReader()
  for await (const line of linesOf(patch)) reader.push(line)
  return reader.files
}

function printFiles(files: readonly FileChange[], nameOnly: boolean, print: Printer): void {
  if (print.json) return print.document({ files })
  const lines = nameOnly ? files.map(({ path }) => visibleLine(path)) : diffstat(files, print.paint)
  for (const line of lines) print.line(line)
}

async function printDifference(lines: readonly DifferenceLine[], out: Terminal): Promise<void> {
  const print = printer(out, false)
  for (const line of lines) {
    print.line(differenceText(line, print.paint))
    if (!(await print.drained())) return
  }
}

/** Prints a patch with colors on a terminal. A pipe gets the patch byte for byte. */
async function printPatch(patch: Readable, out: Terminal): Promise<void> {
  if (!out.isTTY.stdout) return await copyOut(patch, out)
  const print = printer(out, false)
  const painted = patchPainter(print.paint)
  for await (const line of linesOf(patch)) {
    const shown = painted(line)
    if (shown !== null) print.line(shown)
    if (!(await print.drained())) return
  }
}

async function* linesOf(patch: Readable): AsyncGenerator<string> {
  const lines = lineSplitter()
  const decoder = new TextDecoder()
  for await (const part of patch) yield* lines.push(decoder.decode(part, { stream: true }))
  yield* lines.end()
}
