import { getCompileCacheDir } from 'node:module'
import { dirname, extname } from 'node:path'

/** The programs, beside `src/main.ts`, that Millwright starts as processes and threads of its own. */
export type EntryProgram =
  | 'agents/builtin/main'
  | 'gateway/main'
  | 'worker/guard/main'
  | 'worker/keep-leases/main'

/** Whether this runs from the TypeScript of the repository, and not from the built package. */
export const isFromSource = extname(import.meta.url) === '.ts'

/** The file of one. The package's bundle keeps this code in a folder beside `gateway/`, too. */
export const entryProgram = (name: EntryProgram): URL =>
  new URL(`../${name}${isFromSource ? '.ts' : '.js'}`, import.meta.url)

/**
 * The environment in which one shares this process's compile cache. Without the cache it would
 * load the compiler for TypeScript, which takes 100 ms and 27 MiB.
 */
export function entryEnvironment(): { readonly NODE_COMPILE_CACHE?: string } {
  const folder = getCompileCacheDir()
  // Node adds a folder for its version to the one that it is given.
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: dirname(folder) }
}
