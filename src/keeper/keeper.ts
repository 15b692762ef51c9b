import * as garbage from './collect-garbage.ts'
import * as deliver from './deliver.ts'
import * as resume from './resume.ts'
import * as sweep from './sweep.ts'
import * as tidy from './tidy.ts'

export type KeeperContext = sweep.SweepContext &
  resume.ResumeContext &
  tidy.TidyContext &
  deliver.DeliverLoopContext &
  garbage.GarbageContext

/** The hub's running background loops. */
export type Keeper = {
  /**
   * Resolves once all loops have stopped after `stop`. Rejects if a loop fails; the program must
   * then exit.
   */
  readonly done: Promise<void>
  /**
   * Stops each loop after its current run, and waits until all have stopped. Like `done`, rejects
   * if a loop failed.
   */
  stop(): Promise<void>
}

/** Starts all loops. If one fails, the others stop too. */
export function startKeeper(context: KeeperContext): Keeper {
  const stopping = new AbortController()
  const done = runAll(context, stopping)
  return {
    done,
    stop: async () => {
      stopping.abort()
      await done
    },
  }
}

async function runAll(context: KeeperContext, stopping: AbortController): Promise<void> {
  const loops = [sweep, resume, tidy, deliver, garbage].map(({ start }) =>
    start(context, stopping.signal),
  )
  try {
    await Promise.all(loops)
  } finally {
    stopping.abort()
    await Promise.allSettled(loops)
  }
}
