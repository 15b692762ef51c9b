import { createWriteStream } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { z } from 'zod'
import { builtin } from '../../agents/builtin.ts'
import { readConfig } from '../../config/read.ts'
import { UpConfig } from '../../config/settings.ts'
import { shortId } from '../../domain/id.ts'
import type { Job } from '../../domain/job.ts'
import { PATCH } from '../../workspace/change-artifacts.ts'
import { CODE } from '../../kinds/code/schema.ts'
import { removeTree } from '../../platform/remove-tree.ts'
import { type LogLevel, pinoLog } from '../../platform/pino-log.ts'
import { branchOfPublication } from '../../publish/branch.ts'
import type { HubClient } from '../../protocol/client.ts'
import { type Invocation, onRun } from '../command.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { listenForStop } from '../stop-signals.ts'
import { DEMO_SCRIPT, describeBranch, makeDemoRepository } from '../demo/make-repository.ts'
import { prepareSandbox } from '../demo/prepare-sandbox.ts'
import { findHub } from '../../compose/find-hub.ts'
import { storyOf } from '../job-kind.ts'
import { artifactRow } from '../print/job.ts'
import { patchPainter } from '../print/patch-text.ts'
import { columns, type Printer, printer } from '../print/printer.ts'
import { safeText } from '../../words/safe-text.ts'
import { programVersion } from '../version.ts'
import { printVerdict, watchJob } from '../watch-job.ts'

const PROMPT = 'The tests of this library fail. Find the bug and fix it.'
const TEST = ['node', '--test'] as const
const LEVEL: LogLevel = 'info'

/**
 * `millwright demo`: runs a sample job on this machine. It needs no configuration and costs
 * nothing.
 */
export function defineDemo(command: Command, invocation: Invocation): void {
  command.description(
    'Runs a job that fixes a bug in a small repository. A replayed script replaces the model.',
  )
  command.option('--keep', 'keep the files of the demo instead of deleting them at its end')
  onRun(command, Flags, async ({ keep }) => {
    const print = printer(invocation.terminal, false)
    // An interrupt must not end the process before the files are deleted.
    using stop = listenForStop()
    const folder = await mkdtemp(join(tmpdir(), 'millwright-demo-'))
    title(print, 'Millwright fixes a small repository whose tests fail')
    print.line(`All files of this demo are in ${folder}`)
    // The printed commands contain this --data flag. Without it, they would not find the demo's
    // hub.
    const argv = ['--data', join(folder, 'data')]
    const demo = {
      invocation,
      print: printer({ ...invocation.terminal, argv }, false),
      folder,
      keep,
    }
    try {
      await runDemo(demo, stop.graceful)
    } finally {
      if (!keep) await removeTree(folder)
    }
  })
}

const Flags = z.object({ keep: z.boolean().default(false) })

type Demo = {
  readonly invocation: Invocation
  readonly print: Printer
  readonly folder: string
  readonly keep: boolean
}

async function runDemo(demo: Demo, signal: AbortSignal): Promise<void> {
  const { invocation, print, folder } = demo
  const { env } = invocation.terminal
  const path = env['PATH'] ?? ''
  const data = join(folder, 'data')
  const log = pinoLog({ level: LEVEL, destination: createWriteStream(join(folder, 'log.jsonl')) })
  const sandbox = await prepareSandbox(print, { path, log })
  const remote = await makeDemoRepository(folder, path)
  const flags = { port: 0, sandbox, allowLocal: true, replay: DEMO_SCRIPT }
  const { openUp } = await import('../../compose/up.ts')
  const tools = { folder: data, version: programVersion(), log, env, cwd: folder }
  await using up = await openUp(readConfig(UpConfig, { flags, env: {}, file: null }), tools)
  print.line(`hub on ${up.url} · ${up.worker.about}`)
  print.line('The model is REPLAYED from a script; the agent, its tools and git are real.')
  if (signal.aborted) return invocation.end(EXIT_CODES.interrupted.code)
  title(print, 'The job')
  const client = await findHub({ data, allowHttp: false }, { env, cwd: folder })
  const job = await submitDemo(client, remote)
  const watched = {
    job: job.id,
    stream: storyOf(job),
    show: 'story',
    interrupted: 'The demo was interrupted.',
  } as const
  const ended = await watchJob(invocation, client, print, watched)
  if (ended === null) return
  if (ended.state !== 'succeeded') return printVerdict(client, ended, print)
  await showDiff(client, ended, print)
  await showRemote(ended, print, { remote, path })
  await showArtifacts(client, ended, print)
  printNextSteps(demo, data)
  await printVerdict(client, ended, print)
  await up.worker.drain()
}

function printNextSteps({ invocation, print, keep }: Demo, data: string): void {
  title(print, 'Next steps')
  const { call } = invocation.terminal
  if (keep) {
    print.line(`see it again   ${call} up --data ${data}`)
    print.line(`               ${call} jobs --data ${data}`)
  } else {
    print.line(`look around    ${call} demo --keep   (this run deletes its files now)`)
  }
  print.line(`your own job   export ANTHROPIC_API_KEY=…; ${call} up`)
  print.line(`               ${call} submit --wait --repo <address> --publish branch "<prompt>"`)
  print.line('')
}

const submitDemo = (client: HubClient, remote: string): Promise<Job> =>
  client.call('submitJob', {
    body: {
      kind: CODE,
      payload: {
        repository: remote,
        prompt: PROMPT,
        agent: { name: builtin.name },
        test: TEST,
        checks: [{ name: 'tests', run: TEST }],
        publish: { mode: 'branch' },
      },
      retry: { maxFailures: 1 },
    },
  })

async function showDiff(client: HubClient, job: Job, print: Printer): Promise<void> {
  title(print, `The change, saved as the artifact ${PATCH}`)
  const patch = await client.call('getArtifact', {
    params: { job: job.id, attempt: job.attempt, name: PATCH },
  })
  const painted = patchPainter(print.paint)
  for (const line of (await patch.text()).trimEnd().split('\n')) {
    const shown = painted(line)
    if (shown !== null) print.line(shown)
  }
}

async function showRemote(
  job: Job,
  print: Printer,
  { remote, path }: { readonly remote: string; readonly path: string },
): Promise<void> {
  const published = branchOfPublication(job.publication)
  if (published === null) return
  const { branch } = published
  title(print, `The branch ${branch} of ${remote}`)
  print.line(safeText(await describeBranch(remote, branch, path)).trimEnd())
}

async function showArtifacts(client: HubClient, job: Job, print: Printer): Promise<void> {
  title(print, `Artifacts of job ${shortId(job.id)}`)
  const { artifacts } = await client.call('listArtifacts', { params: { job: job.id } })
  for (const line of columns(artifacts.map(artifactRow))) print.line(line)
}

function title(print: Printer, words: string): void {
  print.line('')
  print.line(print.paint('bold', words))
}
