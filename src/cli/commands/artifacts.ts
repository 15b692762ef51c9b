import { resolve } from 'node:path'
import { Readable } from 'node:stream'
import type { Command } from 'commander'
import { z } from 'zod'
import { bytes } from '../../domain/bytes.ts'
import { AppError } from '../../domain/errors.ts'
import { plural } from '../../domain/plural.ts'
import type { ArtifactInfo } from '../../protocol/schemas.ts'
import { artifactTree, oneArtifact } from '../choose-artifacts.ts'
import { type Invocation, NoFlags } from '../command.ts'
import { copyOut } from '../copy-out.ts'
import { onHub } from '../hub-command.ts'
import { findJob, JOB_HELP } from '../find-job.ts'
import { keepArtifact, placeIn } from '../keep-artifact.ts'
import { openArtifact } from '../open-artifact.ts'
import { artifactRow } from '../print/job.ts'
import { columns } from '../print/printer.ts'
import { visibleText } from '../../words/safe-text.ts'

/** `millwright artifacts`: lists and downloads the artifacts of a job. */
export function defineArtifacts(artifacts: Command, invocation: Invocation): void {
  addList(artifacts, invocation)
  addGet(artifacts, invocation)
}

function addList(artifacts: Command, invocation: Invocation): void {
  const command = artifacts
    .command('list')
    .description('Lists the artifacts of all of a job’s attempts.')
    .argument('<job>', JOB_HELP)
  onHub(command, invocation, NoFlags, async ({ args: [text = ''], print, connect }) => {
    const client = await connect()
    const params = { job: await findJob(client, text) }
    const answer = await client.call('listArtifacts', { params })
    if (print.json) return print.document(answer)
    if (answer.artifacts.length === 0) return print.note('no artifacts')
    for (const line of columns(answer.artifacts.map(artifactRow))) print.line(line)
  })
}

const GetFlags = z.object({
  attempt: z.coerce.number().int().min(1).optional(),
  output: z.string().min(1).optional(),
  to: z.string().min(1).optional(),
})
type GetFlags = z.infer<typeof GetFlags>

function addGet(artifacts: Command, invocation: Invocation): void {
  const command = artifacts
    .command('get')
    .description('Downloads one artifact or a folder of artifacts, and verifies each file.')
    .argument('<job>', JOB_HELP)
    .argument(
      '[name]',
      'name as listed, such as change.patch; with --to, may be a folder (default: all artifacts)',
    )
    .option(
      '--attempt <number>',
      'download from this attempt (default: the newest that has the artifact)',
    )
    .option('-o, --output <file>', 'file to write (default: stdout)')
    .option('--to <folder>', 'folder to write to; each artifact keeps its name')
  onHub(
    command,
    invocation,
    GetFlags,
    async ({ flags, args: [text = '', name], print, connect }) => {
      checkTarget(flags, name)
      const client = await connect()
      const job = await findJob(client, text)
      const { artifacts: all } = await client.call('listArtifacts', { params: { job } })
      const get = (one: ArtifactInfo) => openArtifact(client, job, one)
      const { cwd } = invocation.terminal
      const wanted = { name, attempt: flags.attempt }
      if (flags.to !== undefined) {
        const folder = resolve(cwd, flags.to)
        const tree = artifactTree(all, wanted)
        for (const one of tree) await keepArtifact(await get(one), placeIn(folder, one))
        return print.note(`wrote ${plural(tree.length, 'file')} to ${folder}`)
      }
      const found = oneArtifact(all, wanted)
      if (flags.output === undefined || flags.output === '-') {
        return toStdout(await get(found), found, invocation)
      }
      const path = resolve(cwd, flags.output)
      await keepArtifact(await get(found), path)
      print.note(`wrote ${path} (${bytes(found.size)})`)
    },
  )
}

function checkTarget({ to, output }: GetFlags, name: string | undefined): void {
  if (to !== undefined && output !== undefined) {
    throw new AppError('usage-invalid', 'Give either --to <folder> or --output <file>, not both')
  }
  if (to !== undefined || name !== undefined) return
  throw new AppError(
    'usage-invalid',
    'Give the name of an artifact, or download all artifacts with --to <folder>',
  )
}

/**
 * Writes an artifact to stdout: unchanged to a pipe, but with visible control characters to a
 * terminal.
 */
async function toStdout(
  body: Readable,
  artifact: ArtifactInfo,
  { terminal }: Invocation,
): Promise<void> {
  if (!terminal.isTTY.stdout) return await copyOut(body, terminal)
  if (!/^text\/|json/.test(artifact.mediaType)) {
    throw new AppError(
      'usage-invalid',
      `${artifact.name} is not text: save it with --output <file>`,
    )
  }
  await copyOut(Readable.from(visibleParts(body)), terminal)
}

async function* visibleParts(body: Readable): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  for await (const part of body) yield visibleText(decoder.decode(part, { stream: true }))
}
