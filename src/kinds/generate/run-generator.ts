import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generatorOf } from '../../generators/all.ts'
import { tellProgress } from '../../pipeline/tell-progress.ts'
import { type GenerateJob, homeOf, outputsOf } from './generate-job.ts'

/** Runs the generator. Logs its output; any output restarts the idle timeout. */
export async function runGenerator(
  { attempt, payload, tools }: GenerateJob,
  inputs: string,
  signal: AbortSignal,
): Promise<void> {
  const { work, folder, report, launch, door } = attempt
  const { generator, request } = payload
  const requestFile = join(folder, 'request.json')
  if (request !== undefined) {
    await writeFile(requestFile, JSON.stringify(request), { mode: 0o600 })
  }
  report.tell({ type: 'agent-started', agent: generator.name })
  await using progress = tellProgress(report, tools.clock)
  await attempt.watched((alive) =>
    generatorOf(generator)(
      {
        request,
        requestFile,
        inputs,
        outputs: outputsOf(folder),
        home: homeOf(folder),
        jobId: work.id,
        door,
      },
      {
        launch,
        path: tools.path,
        onOutput: (text) => {
          alive()
          report.log('output', text)
        },
        onProgress: (seen) => progress.see(seen),
      },
      signal,
    ),
  )
}
