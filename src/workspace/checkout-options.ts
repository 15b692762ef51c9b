import { z } from 'zod'

/**
 * A folder inside a repository. Characters that are special in sparse-checkout patterns are
 * invalid.
 */
const Folder = z
  .string()
  .max(1024)
  .regex(
    /^(?![!#])(?!.*(?:^|\/)(?:\.{0,2}|\.git)(?:\/|$))[^*?[\]\\\p{Cc}\p{Cf}\u2028\u2029]+$/iu,
    'must be a folder path relative to the repository’s root, such as src/web, without ".", "..", ".git" or wildcards',
  )

/** Which parts of a repository to fetch and check out. */
export const CheckoutOptions = z.strictObject({
  depth: z
    .int()
    .min(1)
    .max(1_000_000)
    .nullable()
    .default(null)
    .describe('Maximum number of commits of history to fetch; null fetches the full history'),
  sparse: z
    .array(Folder)
    .max(256)
    .default([])
    .describe(
      'Folders to check out. For src/web, the files directly in src and in the repository’s root are checked out too. An empty list checks out the whole tree',
    ),
  submodules: z
    .enum(['none', 'all'])
    .default('none')
    .describe('Which submodules to check out; their files are checked out without git metadata'),
  lfs: z
    .boolean()
    .default(false)
    .describe('Whether to check out the contents of Git LFS files instead of their pointers'),
})
export type CheckoutOptions = z.infer<typeof CheckoutOptions>
