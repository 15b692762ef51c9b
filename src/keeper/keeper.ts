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

/** The hub's background loops while they run. */
export type Keeper = {
  /** Resolves after `stop`; rejects when a loop failed, and the program must then exit. */
  readonly done: Promise<void>
  /** Finishes the current runs and starts no new ones. Rejects like `done`. */
  stop(): Promise<void>
}

/** Starts all loops; when one fails the others stop. */
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
