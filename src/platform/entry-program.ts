import { getCompileCacheDir } from 'node:module'
import { dirname, extname } from 'node:path'

/**
 * The programs other than `src/main.ts`. Millwright starts them as separate processes or threads.
 */
export type EntryProgram =
  | 'agents/builtin/main'
  | 'gateway/main'
  | 'worker/guard/main'
  | 'worker/keep-leases/main'

/** Whether this code runs from the TypeScript sources, not from the built package. */
export const isFromSource = extname(import.meta.url) === '.ts'

/**
 * Returns the URL of an entry program's file. The path relative to this file is the same in the
 * source and in the bundle: this code is always in a folder next to `gateway/`.
 */
export const entryProgram = (name: EntryProgram): URL =>
  new URL(`../${name}${isFromSource ? '.ts' : '.js'}`, import.meta.url)

/**
 * Environment variables that let an entry program share this process's compile cache. Without the
 * cache, the program would load the TypeScript compiler, which takes 100 ms and 27 MiB.
 */
export function entryEnvironment(): { readonly NODE_COMPILE_CACHE?: string } {
  const folder = getCompileCacheDir()
  // Node appends a folder for its version to the configured folder.
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: dirname(folder) }
}
