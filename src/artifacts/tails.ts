import { sep } from 'node:path'

/** Streams whose size is remembered; the size of any other stream is read from disk. */
const TAILS_MAX = 1024

/** Sizes of the most recently written streams, by folder. */
export type Tails = {
  get(folder: string): number | undefined
  set(folder: string, size: number): void
  /** Forgets every stream below a folder. */
  forget(above: string): void
}

/** Remembers nothing, because other processes append too. */
export const noTails = (): Tails => ({ get: () => undefined, set: () => {}, forget: () => {} })

/** Remembers the `limit` most recently written streams. */
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
