import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Job } from '../../src/domain/job.ts'
import type { Attempt, RunKind } from '../../src/domain/attempt.ts'
import { generateKind } from '../../src/kinds/generate/kind.ts'
import { GENERATE } from '../../src/kinds/generate/schema.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { PATH, testSandbox } from '../support/confined.ts'
import { eventsOf, submitGenerate, uploaded } from '../support/generate.ts'
import { startTestHub } from '../support/hub.ts'
import { describeNeeding } from '../support/needs.ts'
import { runningFor } from '../support/processes.ts'
import { tempFolder } from '../support/temp-folder.ts'
import {
  artifact,
  artifactNames,
  sh,
  startBehindGate,
  startHubAndWorker,
  startTestWorker,
  submitCommand,
  untilEnded,
  untilExists,
} from '../support/worker.ts'

const ONCE = { maxFailures: 1 }

describe('a generate job', () => {
  it('makes files from its inputs, which are kept as a tree', async () => {
    await using test = await startHubAndWorker()
    const { hub } = test
    const { id } = await submitGenerate(hub, {
      script: `mkdir -p deep/er; cat "$MILLWRIGHT_INPUTS/in/one.txt" > deep/er/out.txt
        tr a-z A-Z < "$MILLWRIGHT_INPUTS/two.txt" > "$MILLWRIGHT_OUTPUTS/loud.txt"
        [ "$PWD" = "$MILLWRIGHT_OUTPUTS" ] && [ -w "$HOME" ] &&
        [ "$MILLWRIGHT_ATTEMPT" = "$MILLWRIGHT_JOB-1" ]`,
      inputs: { 'in/one.txt': 'one\n', 'two.txt': 'two\n' },
    })

    const job = await untilEnded(hub, id)

    expect(job).toMatchObject({
      state: 'succeeded',
      reason: 'objects-ready',
      detail: '2 files, 8 B',
      publication: null,
    })
    expect(await artifact(hub, job, 'outputs/deep/er/out.txt')).toBe('one\n')
    expect(await artifact(hub, job, 'outputs/loud.txt')).toBe('TWO\n')
    const events = await eventsOf(hub, id)
    expect(events.filter(({ type }) => type === 'check-finished')).toEqual([])
  })

  it('tells of the check of its files where the job asks for some, or where there are none', async () => {
    await using test = await startHubAndWorker()
    const { hub } = test
    const [asks, empty] = [
      await submitGenerate(hub, {
        script: 'touch made',
        payload: { outputs: { required: ['made'] } },
      }),
      await submitGenerate(hub, { script: 'true' }),
    ]
    const verdicts = async ({ id }: Pick<Job, 'id'>) => {
      await untilEnded(hub, id)
      return (await eventsOf(hub, id)).filter(({ type }) => type === 'check-finished')
    }
    expect(await verdicts(asks)).toMatchObject([{ check: 'objects', passed: true }])
    expect(await verdicts(empty)).toMatchObject([
      { check: 'objects', passed: false, findings: 'number of files: 0 (minimum: 1)' },
    ])
  })

  it('gets its request on stdin and as a file, and nothing when there is none', async () => {
    await using test = await startHubAndWorker()
    const { hub } = test
    const asked = { prompt: 'a chair', seeds: [1, 2] }
    const script =
      'cat > stdin.json; cat "$MILLWRIGHT_REQUEST" > file.json || echo none > file.json'
    const [with_, without] = [
      await submitGenerate(hub, { script, payload: { request: asked } }),
      await submitGenerate(hub, { script }),
    ]

    const job = await untilEnded(hub, with_.id)
    expect(JSON.parse(await artifact(hub, job, 'outputs/stdin.json'))).toEqual(asked)
    expect(JSON.parse(await artifact(hub, job, 'outputs/file.json'))).toEqual(asked)
    const other = await untilEnded(hub, without.id)
    expect(await artifact(hub, other, 'outputs/stdin.json')).toBe('')
    expect(await artifact(hub, other, 'outputs/file.json')).toBe('none\n')
  })

  it('says how far it is: its progress lines become events, all that it prints its log', async () => {
    await using test = await startHubAndWorker()
    const { hub } = test
    const { id } = await submitGenerate(hub, {
      script: 'echo "progress: 1/4 meshing"; echo warned >&2; touch made',
    })

    const job = await untilEnded(hub, id)

    const progress = (await eventsOf(hub, id)).filter(({ type }) => type === 'progress')
    expect(progress).toMatchObject([{ fraction: 0.25, text: '1/4 meshing', attempt: 1 }])
    const log = await artifact(hub, job, 'agent-output.log')
    expect(log.split('\n').toSorted()).toEqual(['', 'progress: 1/4 meshing', 'warned'])
  })

  it('fails when a check does not pass, names every one, and keeps the files as they were made', async () => {
    await using test = await startHubAndWorker()
    const { hub } = test
    const { id } = await submitGenerate(hub, {
      script: 'echo made > model.glb',
      payload: {
        outputs: { required: ['preview.png'] },
        checks: [
          { name: 'reads', run: sh('grep -q made model.glb; echo x > "$HOME/x"') },
          { name: 'never', run: sh('echo "not watertight"; exit 3') },
          { name: 'spoils', run: sh('echo spoiled > model.glb; echo more > more; touch .cache') },
          { name: 'fooled', run: sh('grep -q spoiled model.glb') },
        ],
      },
    })

    const job = await untilEnded(hub, id)

    expect(job).toMatchObject({ state: 'failed', reason: 'check-failed', attempt: 1 })
    expect(job.detail).toContain('check "objects" failed:\nno file matches preview.png')
    expect(job.detail).toContain('check "never" failed:\nnot watertight')
    expect(job.detail).toContain(
      'check "spoils" failed:\nthe check changed outputs/model.glb, outputs/more; checks must only read',
    )
    expect(await artifact(hub, job, 'outputs/model.glb')).toBe('made\n')
    expect(await artifactNames(hub, id)).not.toContain('outputs/more')
    const verdicts = (await eventsOf(hub, id)).filter(({ type }) => type === 'check-finished')
    expect(verdicts).toMatchObject([
      { check: 'objects', passed: false },
      { check: 'reads', passed: true },
      { check: 'never', passed: false },
      // The check after this one would have judged what the hub does not keep.
      { check: 'spoils', passed: false },
    ])
  })

  it.each([
    ['removes them', 'rm made'],
    ['makes too many', 'seq 951 | xargs touch'],
    ['removes their folder', 'cd /; rm -rf "$MILLWRIGHT_OUTPUTS"'],
  ])('fails when a check of its files %s', async (_, line) => {
    await using test = await startHubAndWorker()
    const { hub } = test
    const checks = [{ name: 'spoils', run: sh(line) }]
    const { id } = await submitGenerate(hub, { script: 'touch made', payload: { checks } })

    const job = await untilEnded(hub, id)

    expect(job).toMatchObject({ state: 'failed', reason: 'check-failed', attempt: 1 })
    expect(job.detail).toContain('the check changed')
  })
})

describeNeeding(['patience'], 'a generate job in trouble', () => {
  it('fails when its program does, with its last words, and keeps what it wrote as partial', async () => {
    await using test = await startHubAndWorker()
    const { hub } = test
    const { id } = await submitGenerate(hub, {
      script: 'echo half > half.obj; echo "out of memory" >&2; exit 7',
      retry: ONCE,
    })

    const job = await untilEnded(hub, id)

    expect(job).toMatchObject({ state: 'failed', reason: 'generator-failed' })
    expect(job.detail).toContain('the generator exited with code 7\nout of memory')
    expect(await artifact(hub, job, 'partial/half.obj')).toBe('half\n')
    expect(await artifactNames(hub, id)).not.toContain('outputs/half.obj')
  })

  it('keeps regular files with plain names alone, follows no link, and says what it left out', async () => {
    await using test = await startHubAndWorker()
    const { hub } = test
    const outside = await tempFolder()
    const { id } = await submitGenerate(hub, {
      script: `echo good > good; ln -s /etc/hostname link; ln -s ${outside} folder; mkfifo pipe
        echo x > .hidden; echo x > "two words"; mkdir .git; echo x > .git/config; mkdir empty`,
    })

    const job = await untilEnded(hub, id)

    expect(job.detail).toMatch(/^1 file, 5 B\. Left out: /)
    const outputs = (await artifactNames(hub, id)).filter((name) => name.startsWith('outputs/'))
    expect(outputs).toEqual(['outputs/good'])
    const [note] = (await eventsOf(hub, id)).filter(({ type }) => type === 'note')
    expect(note).toMatchObject({ code: 'outputs-left-out' })
    for (const said of [
      '"link" (a symbolic link)',
      '"folder" (a symbolic link)',
      '"pipe" (not a regular file)',
      '".hidden" (not a valid artifact name)',
      '"two words" (not a valid artifact name)',
      '".git" (not a valid artifact name)',
    ]) {
      expect(JSON.stringify(note)).toContain(JSON.stringify(said).slice(1, -1))
    }
  })

  it('ends without a retry when it writes more files than are kept', async () => {
    await using test = await startHubAndWorker()
    const { hub } = test
    const { id } = await submitGenerate(hub, { script: 'seq 951 | xargs touch' })

    expect(await untilEnded(hub, id)).toMatchObject({
      state: 'failed',
      reason: 'outputs-too-large',
      detail: 'there are more than 950 files',
      attempt: 1,
    })
  })

  it('is over within 5 s of a cancel with all it started, and keeps what was written', async () => {
    await using test = await startHubAndWorker()
    const { hub } = test
    const begun = join(await tempFolder(), 'begun')
    const { id } = await submitGenerate(hub, {
      script: `trap '' INT; echo half > half; setsid sleep 600 & touch ${begun}; sleep 600; sleep 600`,
    })
    await untilExists(begun)

    const cancelledAt = performance.now()
    await hub.admin.call('cancelJob', { params: { job: id } })
    const job = await untilEnded(hub, id)

    expect(performance.now() - cancelledAt).toBeLessThan(5000)
    expect(job).toMatchObject({ state: 'cancelled', reason: 'cancelled-by-request' })
    expect(runningFor(job)).toEqual([])
    expect(await artifact(hub, job, 'partial/half')).toBe('half\n')
  })

  it('keeps what was written also when it is cancelled while its files are read', async () => {
    const generate = generateKind({ path: PATH, clock: systemClock })
    await using hub = await startTestHub()
    const cancelled: RunKind = (attempt, signal) => {
      const read = async (): Promise<never> => {
        const stopped = once(signal, 'abort')
        await hub.admin.call('cancelJob', { params: { job: attempt.work.id } })
        await stopped
        throw new DOMException('The reading was stopped.', 'AbortError')
      }
      const step: Attempt['step'] = (name, run) => attempt.step(name, name === 'keep' ? read : run)
      return generate.run({ ...attempt, step }, signal)
    }
    const kinds = new Map([[GENERATE, { ...generate, run: cancelled }]])
    await using _ = await startTestWorker(hub, { kinds })
    const { id } = await submitGenerate(hub, { script: 'echo whole > model' })

    const job = await untilEnded(hub, id)

    expect(job).toMatchObject({ state: 'cancelled', reason: 'cancelled-by-request' })
    expect(await artifact(hub, job, 'partial/model')).toBe('whole\n')
  })

  it('ends half a minute after a cancel, however slow the line is, and names what it lost', async () => {
    await using test = await startBehindGate()
    const { hub, gate } = test
    const held = gate.hold(/PUT .*(outputs%2F|agent-output)/, 'request')
    const { id } = await submitGenerate(hub, { script: 'echo said; touch a b' })
    await held.here

    await hub.admin.call('cancelJob', { params: { job: id } })
    const job = await untilEnded(hub, id, 40_000)

    expect(job).toMatchObject({ state: 'cancelled', reason: 'cancelled-by-request', attempt: 1 })
    expect(await artifactNames(hub, id)).toEqual(['report.json'])
    const events = await eventsOf(hub, id)
    expect(events).toContainEqual(
      expect.objectContaining({
        code: 'artifact-not-kept',
        text: 'not sent before the stopped job had to end: outputs/a, outputs/b, agent-output.log',
      }),
    )
    expect(events.map(({ type }) => type)).not.toContain('checkpoint')
  }, 60_000)

  it('is tried again as it was, but takes no prompt', async () => {
    await using test = await startHubAndWorker()
    const { hub } = test
    const { id } = await submitGenerate(hub, { script: 'date +%N > made' })
    await untilEnded(hub, id)

    const withPrompt = hub.admin.call('retryJob', { params: { job: id }, body: { prompt: 'more' } })
    await expect(withPrompt).rejects.toMatchObject({ code: 'payload-invalid' })
    const again = await hub.admin.call('retryJob', { params: { job: id }, body: {} })
    expect(await untilEnded(hub, again.id)).toMatchObject({ reason: 'objects-ready' })
  })
})

describeNeeding(['patience'], 'the inputs of a code job', () => {
  it('lie beside the checkout for agent and checks, which the prompt says', async () => {
    await using test = await startHubAndWorker()
    const { hub } = test
    const where = '$MILLWRIGHT_INPUTS'
    const { id } = await submitCommand(hub, await tempFolder(), {
      run: sh(`grep -F "in ${where}, which is read-only" && cat "${where}/notes/brief.md" > copy`),
      payload: { checks: [{ name: 'same', run: sh(`cmp copy "${where}/notes/brief.md"`) }] },
      inputs: await uploaded(hub, { 'notes/brief.md': 'be brief\n' }),
    })

    const job = await untilEnded(hub, id)

    expect(job).toMatchObject({ state: 'succeeded', reason: 'patch-ready' })
    expect(await artifact(hub, job, 'change.patch')).toContain('+be brief')
  })
})

describeNeeding(['patience'], 'a limit of a generate job', () => {
  it.each([
    ['wallMs', 'wall-limit', 'while true; do echo busy; sleep 0.05; done'],
    ['idleMs', 'idle-limit', 'exec sleep 600'],
  ])('%s ends it as %s and keeps what was written', async (limit, reason, rest) => {
    await using test = await startHubAndWorker()
    const { hub } = test
    const { id } = await submitGenerate(hub, {
      script: `echo half > half; ${rest}`,
      limits: { [limit]: 1000 },
      retry: ONCE,
    })

    const job = await untilEnded(hub, id)

    expect(`${job.reason} ${job.detail}`).toContain(reason === 'wall-limit' ? reason : 'idleMs')
    expect(runningFor(job)).toEqual([])
    expect(await artifact(hub, job, 'partial/half')).toBe('half\n')
  })
})

describeNeeding(['bubblewrap', 'linux'], 'a generator in the sandbox', () => {
  it('reads its inputs and its request, writes its outputs and its home, and nothing else', async () => {
    await using test = await startHubAndWorker({
      launchFor: (marker) => testSandbox({ marker }),
    })
    const { hub } = test
    const { id } = await submitGenerate(hub, {
      script: `cat "$MILLWRIGHT_INPUTS/a" "$MILLWRIGHT_REQUEST" > made
        echo x > "$HOME/x" && echo home >> made
        touch "$MILLWRIGHT_INPUTS/b" 2>/dev/null || echo refused >> made
        cat "$MILLWRIGHT_INPUTS/../attempt.json" 2>/dev/null
        true`,
      inputs: { a: 'input\n' },
      payload: { request: 1, checks: [{ name: 'sees', run: sh('grep -q input made') }] },
    })

    const job = await untilEnded(hub, id)

    expect(job).toMatchObject({ state: 'succeeded', detail: '1 file, 20 B' })
    expect(await artifact(hub, job, 'outputs/made')).toBe('input\n1home\nrefused\n')
    expect(await artifactNames(hub, id)).not.toContain('agent-output.log')
  })
})
