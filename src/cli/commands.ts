import type { DefineCommand } from './command.ts'

/** A command as the help lists it. Its file is imported only when the command line names it. */
type CommandEntry = {
  readonly name: string
  /** What follows the name in the list. */
  readonly takes: string
  readonly summary: string
  readonly load: () => Promise<DefineCommand>
}

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'init',
    takes: '[options]',
    summary: 'look at this machine and write the file of settings',
    load: async () => (await import('./commands/init.ts')).defineInit,
  },
  {
    name: 'up',
    takes: '[options]',
    summary: 'start hub and worker on this machine',
    load: async () => (await import('./commands/up.ts')).defineUp,
  },
  {
    name: 'hub',
    takes: '[options]',
    summary: 'start a hub without a worker',
    load: async () => (await import('./commands/hub.ts')).defineHub,
  },
  {
    name: 'worker',
    takes: '[options]',
    summary: 'start a worker for a hub',
    load: async () => (await import('./commands/worker.ts')).defineWorker,
  },
  {
    name: 'submit',
    takes: '',
    summary: 'hand in a job',
    load: async () => (await import('./commands/submit.ts')).defineSubmit,
  },
  {
    name: 'jobs',
    takes: '[options]',
    summary: 'list jobs, newest first',
    load: async () => (await import('./commands/jobs.ts')).defineJobs,
  },
  {
    name: 'show',
    takes: '[options] <job>',
    summary: 'everything about one job',
    load: async () => (await import('./commands/show.ts')).defineShow,
  },
  {
    name: 'logs',
    takes: '[options] <job>',
    summary: 'what the agent said and did',
    load: async () => (await import('./commands/logs.ts')).defineLogs,
  },
  {
    name: 'cancel',
    takes: '[options] <job>',
    summary: 'stop a job; its work so far is kept',
    load: async () => (await import('./commands/cancel.ts')).defineCancel,
  },
  {
    name: 'retry',
    takes: '[options] <job>',
    summary: 'start a new job from an ended one',
    load: async () => (await import('./commands/retry.ts')).defineRetry,
  },
  {
    name: 'resume',
    takes: '[options] <job>',
    summary: 'let a paused job go on',
    load: async () => (await import('./commands/resume.ts')).defineResume,
  },
  {
    name: 'artifacts',
    takes: '',
    summary: 'list and fetch what a job left',
    load: async () => (await import('./commands/artifacts.ts')).defineArtifacts,
  },
  {
    name: 'callbacks',
    takes: '',
    summary: 'list what callbacks were told, and send again',
    load: async () => (await import('./commands/callbacks.ts')).defineCallbacks,
  },
  {
    name: 'workers',
    takes: '[options]',
    summary: 'list workers',
    load: async () => (await import('./commands/workers.ts')).defineWorkers,
  },
  {
    name: 'tokens',
    takes: '',
    summary: 'make, list and revoke tokens',
    load: async () => (await import('./commands/tokens.ts')).defineTokens,
  },
  {
    name: 'config',
    takes: '',
    summary: 'show settings and where they come from',
    load: async () => (await import('./commands/config.ts')).defineConfig,
  },
  {
    name: 'doctor',
    takes: '[options]',
    summary: 'check whether everything here works',
    load: async () => (await import('./commands/doctor.ts')).defineDoctor,
  },
  {
    name: 'gc',
    takes: '[options]',
    summary: 'remove what nobody needs any more',
    load: async () => (await import('./commands/gc.ts')).defineGc,
  },
  {
    name: 'backup',
    takes: '[options] <folder>',
    summary: 'write ledger, artifacts, logs and tokens into a folder',
    load: async () => (await import('./commands/backup.ts')).defineBackup,
  },
  {
    name: 'restore',
    takes: '[options] <folder>',
    summary: 'fill an empty hub from a backup',
    load: async () => (await import('./commands/restore.ts')).defineRestore,
  },
  {
    name: 'demo',
    takes: '',
    summary: 'see a job from start to end, with a replayed model',
    load: async () => (await import('./commands/demo.ts')).defineDemo,
  },
]
