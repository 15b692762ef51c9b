import { sep } from 'node:path'

/** Enough for every stream that is being written; a forgotten one is looked up on the disk again. */
const TAILS_MAX = 1024

/** Sizes of the streams last written, by folder. */
export type Tails = {
  get(folder: string): number | undefined
  set(folder: string, size: number): void
  /** Every stream below a folder. */
  forget(above: string): void
}

/** Remembers nothing: others append too. */
export const noTails = (): Tails => ({ get: () => undefined, set: () => {}, forget: () => {} })

/** Remembers the `limit` streams last written and forgets the others. */
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
