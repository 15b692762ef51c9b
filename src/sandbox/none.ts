import type { Launch } from '../domain/launch.ts'
import type { Logger } from '../platform/log.ts'
import { startTree } from '../platform/process-tree.ts'

/**
 * Makes a `Launch` without confinement: programs have all rights of the worker's user. Their whole
 * process tree is still killed at the end.
 */
export function unconfined(options: { readonly marker: string; readonly log: Logger }): Launch {
  return async ({ argv, cwd, env }) => await startTree(argv, { cwd, env, ...options })
}
