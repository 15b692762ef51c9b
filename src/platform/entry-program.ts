import { getCompileCacheDir } from 'node:module'
import { dirname, extname } from 'node:path'

/** The programs besides `src/main.ts`, which Millwright starts as separate processes or threads. */
export type EntryProgram =
  | 'agents/builtin/main'
  | 'gateway/main'
  | 'worker/guard/main'
  | 'worker/keep-leases/main'

/** Whether this code runs from the TypeScript sources, not from the built package. */
export const isFromSource = extname(import.meta.url) === '.ts'

/** The file of an entry program. In the bundle, too, this code is in a folder next to `gateway/`. */
export const entryProgram = (name: EntryProgram): URL =>
  new URL(`../${name}${isFromSource ? '.ts' : '.js'}`, import.meta.url)

/**
 * The environment with which an entry program shares this process's compile cache. Without the cache
 * it would load the TypeScript compiler, which takes 100 ms and 27 MiB.
 */
export function entryEnvironment(): { readonly NODE_COMPILE_CACHE?: string } {
  const folder = getCompileCacheDir()
  // Node appends a folder for its version to the configured folder.
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: dirname(folder) }
}
