import type { DefineCommand } from './command.ts'

/**
 * A command as listed in the help. The command's file is imported only if the command line contains
 * the command's name.
 */
type CommandEntry = {
  /** The command's name and arguments. */
  readonly usage: string
  readonly summary: string
  readonly load: () => Promise<DefineCommand>
}

/** Every command, in the order shown in the help. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    usage: 'init [options]',
    summary: 'examine this machine and write the configuration file',
    load: async () => (await import('./commands/init.ts')).defineInit,
  },
  {
    usage: 'up [options]',
    summary: 'start a hub and a worker on this machine',
    load: async () => (await import('./commands/up.ts')).defineUp,
  },
  {
    usage: 'hub [options]',
    summary: 'start a hub without a worker',
    load: async () => (await import('./commands/hub.ts')).defineHub,
  },
  {
    usage: 'worker [options]',
    summary: 'start a worker for a hub',
    load: async () => (await import('./commands/worker.ts')).defineWorker,
  },
  {
    usage: 'submit',
    summary: 'submit a job',
    load: async () => (await import('./commands/submit.ts')).defineSubmit,
  },
  {
    usage: 'jobs [options]',
    summary: 'list jobs, newest first',
    load: async () => (await import('./commands/jobs.ts')).defineJobs,
  },
  {
    usage: 'show [options] <job>',
    summary: 'show everything about one job',
    load: async () => (await import('./commands/show.ts')).defineShow,
  },
  {
    usage: 'logs [options] <job>',
    summary: 'show what the agent said and did',
    load: async () => (await import('./commands/logs.ts')).defineLogs,
  },
  {
    usage: 'diff [options] <job>',
    summary: 'show the change that a job made',
    load: async () => (await import('./commands/diff.ts')).defineDiff,
  },
  {
    usage: 'wait [options] [job...]',
    summary: 'wait until jobs have ended',
    load: async () => (await import('./commands/wait.ts')).defineWait,
  },
  {
    usage: 'cancel [options] [job]',
    summary: 'stop jobs and keep the work done so far',
    load: async () => (await import('./commands/cancel.ts')).defineCancel,
  },
  {
    usage: 'retry [options] [job]',
    summary: 'start new jobs from jobs that have ended',
    load: async () => (await import('./commands/retry.ts')).defineRetry,
  },
  {
    usage: 'resume [options] <job>',
    summary: 'continue a paused job',
    load: async () => (await import('./commands/resume.ts')).defineResume,
  },
  {
    usage: 'artifacts',
    summary: 'list and download a job’s artifacts',
    load: async () => (await import('./commands/artifacts.ts')).defineArtifacts,
  },
  {
    usage: 'usage [options]',
    summary: 'sum tokens and costs by day, label, repository, model and more',
    load: async () => (await import('./commands/usage.ts')).defineUsage,
  },
  {
    usage: 'callbacks',
    summary: 'list callback deliveries and send them again',
    load: async () => (await import('./commands/callbacks.ts')).defineCallbacks,
  },
  {
    usage: 'workers [options]',
    summary: 'list workers',
    load: async () => (await import('./commands/workers.ts')).defineWorkers,
  },
  {
    usage: 'tokens',
    summary: 'create, list and revoke tokens',
    load: async () => (await import('./commands/tokens.ts')).defineTokens,
  },
  {
    usage: 'config',
    summary: 'show the settings and where they come from',
    load: async () => (await import('./commands/config.ts')).defineConfig,
  },
  {
    usage: 'doctor [options]',
    summary: 'check this machine and its hub',
    load: async () => (await import('./commands/doctor.ts')).defineDoctor,
  },
  {
    usage: 'gc [options]',
    summary: 'delete data that is no longer needed',
    load: async () => (await import('./commands/gc.ts')).defineGc,
  },
  {
    usage: 'backup [options] <folder>',
    summary: 'back up the ledger, artifacts, logs and tokens',
    load: async () => (await import('./commands/backup.ts')).defineBackup,
  },
  {
    usage: 'restore [options] <folder>',
    summary: 'fill an empty hub from a backup',
    load: async () => (await import('./commands/restore.ts')).defineRestore,
  },
  {
    usage: 'demo',
    summary: 'run a sample job with a script instead of a model',
    load: async () => (await import('./commands/demo.ts')).defineDemo,
  },
]

/** The name of a command: the first word of its usage. */
export const nameOf = ({ usage }: CommandEntry): string => usage.split(' ', 1)[0] ?? usage
