/** Names of what a code job keeps, known to follow-ups and to people. */
export const PATCH = 'change.patch'
/** What the patch points to in Git LFS: a file for each, `lfs-<its id>`. */
export const LFS = 'lfs-'
/** With more of them only the patch is kept. */
export const LFS_OBJECTS_MAX = 100
