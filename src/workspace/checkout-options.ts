import { z } from 'zod'

/** A folder inside a repository, spelt so that git can take it for nothing else. */
const Folder = z
  .string()
  .max(1024)
  .regex(
    /^(?![!#])(?!.*(?:^|\/)(?:\.{0,2}|\.git)(?:\/|$))[^*?[\]\\\p{Cc}\p{Cf}\u2028\u2029]+$/iu,
    'must be a folder as seen from the repository’s root, such as src/web: no dots, no patterns',
  )

/** How much of a repository is wanted. */
export const CheckoutOptions = z.strictObject({
  depth: z
    .int()
    .min(1)
    .max(1_000_000)
    .nullable()
    .default(null)
    .describe('Commits of history to fetch; null for all'),
  sparse: z
    .array(Folder)
    .max(256)
    .default([])
    .describe('Folders to check out, besides the files above them; empty for the whole tree'),
  submodules: z
    .enum(['none', 'all'])
    .default('none')
    .describe('Whether submodules are there, as files'),
  lfs: z
    .boolean()
    .default(false)
    .describe('Whether files that Git LFS keeps are fetched, rather than their pointers'),
})
export type CheckoutOptions = z.infer<typeof CheckoutOptions>
