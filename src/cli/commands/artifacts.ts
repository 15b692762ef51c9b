import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import type { Command } from 'commander'
import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import type { ArtifactInfo } from '../../protocol/schemas.ts'
import { type Invocation, NoFlags } from '../command.ts'
import { onHub } from '../hub-command.ts'
import { findJob, JOB_HELP } from '../find-job.ts'
import { artifactRow } from '../print/job.ts'
import { columns } from '../print/printer.ts'
import { bytes } from '../print/quantity.ts'
import { safeText } from '../print/safe-text.ts'

/** `millwright artifacts`: what a job left behind. */
export function addArtifacts(program: Command, invocation: Invocation): void {
  const artifacts = program.command('artifacts').description('list and fetch what a job left')
  addList(artifacts, invocation)
  addGet(artifacts, invocation)
}

function addList(artifacts: Command, invocation: Invocation): void {
  const command = artifacts
    .command('list')
    .description('Lists the artifacts of a job, of all its attempts.')
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
  output: z.string().min(1).default('-'),
})

function addGet(artifacts: Command, invocation: Invocation): void {
  const command = artifacts
    .command('get')
    .description('Fetches one artifact and verifies it.')
    .argument('<job>', JOB_HELP)
    .argument('<name>', 'as listed, such as change.patch')
    .option('--attempt <number>', 'of this attempt (default: the newest that has it)')
    .option('-o, --output <file>', 'where to (default: stdout)')
  onHub(
    command,
    invocation,
    GetFlags,
    async ({ flags: { attempt, output }, args: [text = '', name = ''], print, connect }) => {
      const client = await connect()
      const job = await findJob(client, text)
      const { artifacts: all } = await client.call('listArtifacts', { params: { job } })
      const found = newest(all, name, attempt)
      const response = await client.call('getArtifact', {
        params: { job, attempt: found.attempt, name },
      })
      if (response.body === null) throw new AppError('artifact-not-found', `${name} has no body`)
      const body = Readable.from(response.body)
      if (output === '-') return toStdout(body, found, invocation)
      const path = resolve(invocation.terminal.cwd, output)
      await toFile(body, found, path)
      print.note(`${path}: ${bytes(found.size)}`)
    },
  )
}

function newest(
  all: readonly ArtifactInfo[],
  name: string,
  attempt: number | undefined,
): ArtifactInfo {
  const found = all
    .filter((one) => one.name === name && (attempt === undefined || one.attempt === attempt))
    .toSorted((one, other) => other.attempt - one.attempt)[0]
  if (found !== undefined) return found
  const names = [...new Set(all.map((one) => one.name))].join(', ')
  throw new AppError(
    'artifact-not-found',
    `The job has no artifact ${JSON.stringify(name)}; it has: ${names === '' ? 'none' : names}`,
  )
}

/** A terminal gets text without control characters; a pipe gets every byte. */
async function toStdout(
  body: Readable,
  artifact: ArtifactInfo,
  { terminal }: Invocation,
): Promise<void> {
  const checked = body.compose(verified(artifact))
  if (!terminal.isTTY.stdout) {
    checked.pipe(terminal.stdout, { end: false })
    return finished(checked)
  }
  if (!/^text\/|json/.test(artifact.mediaType)) {
    throw new AppError('usage-invalid', `${artifact.name} is not text: name a file with --output`)
  }
  const decoder = new TextDecoder()
  for await (const part of checked) {
    terminal.stdout.write(safeText(decoder.decode(part, { stream: true })))
  }
}

/** The file appears only when it is whole and right. */
async function toFile(body: Readable, artifact: ArtifactInfo, path: string): Promise<void> {
  const beside = `${path}.${process.pid}.part`
  try {
    await pipeline(body, verified(artifact), createWriteStream(beside, { flags: 'wx' }))
    await rename(beside, path)
  } catch (error) {
    await rm(beside, { force: true })
    if (error instanceof AppError || !(error instanceof Error)) throw error
    throw new AppError('file-unreadable', `Cannot write ${path}: ${error.message}`, {
      cause: error,
    })
  }
}

/** Passes bytes on; fails at the end when they are not the ones that were stored. */
function verified(artifact: ArtifactInfo): Transform {
  const hash = createHash('sha256')
  return new Transform({
    transform: (part: Buffer, _encoding, done) => {
      hash.update(part)
      done(null, part)
    },
    flush: (done) => {
      const right = hash.digest('hex') === artifact.digest
      done(
        right
          ? null
          : new AppError('digest-mismatch', `${artifact.name} did not arrive as it was stored`),
      )
    },
  })
}
