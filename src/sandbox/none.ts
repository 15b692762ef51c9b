import type { Launch } from '../domain/launch.ts'
import type { Logger } from '../platform/log.ts'
import { startTree } from '../platform/process-tree.ts'

/**
 * Makes a `Launch` without a sandbox. Programs have all rights of the worker's user. When a
 * program exits, its whole process tree is still killed.
 */
export function unconfined(options: { readonly marker: string; readonly log: Logger }): Launch {
  return async ({ argv, cwd, env }) => await startTree(argv, { cwd, env, ...options })
}
