import { sep } from 'node:path'

/** Maximum number of streams whose sizes are remembered; other sizes are read from disk. */
const TAILS_MAX = 1024

/** Sizes in bytes of the most recently written streams, by the stream's folder. */
export type Tails = {
  get(folder: string): number | undefined
  set(folder: string, size: number): void
  /** Forgets every stream whose folder is below the folder `above`. */
  forget(above: string): void
}

/**
 * Remembers no sizes, because they would become stale when other processes append to the streams.
 */
export const noTails = (): Tails => ({ get: () => undefined, set: () => {}, forget: () => {} })

/** Remembers the sizes of the `limit` most recently written streams. */
export function rememberTails(limit = TAILS_MAX): Tails {
  const sizes = new Map<string, number>()
  return {
    get: (folder) => sizes.get(folder),
    set: (folder, size) => {
      sizes.delete(folder)
      sizes.set(folder, size)
      const [oldest] = sizes.keys()
      if (oldest !== undefined && sizes.size > limit) sizes.delete(oldest)
    },
    forget: (above) => {
      for (const folder of sizes.keys()) if (folder.startsWith(above + sep)) sizes.delete(folder)
    },
  }
}
