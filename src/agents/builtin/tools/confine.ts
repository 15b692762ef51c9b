import { lstat, realpath } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { hasErrno } from '../../../platform/errno.ts'
import { ToolFailed } from './tool-failed.ts'

/**
 * The real path of a file the model named, existing or not, which lies in the workspace also when
 * all links are followed. A fence against mistakes; the wall is the sandbox.
 * @param root real path of the workspace
 */
export async function confine(root: string, path: string): Promise<string> {
  const real = await realPathOf(resolve(root, path))
  const inside = relative(root, real)
  if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) {
    throw new ToolFailed(`${path} lies outside of the workspace`)
  }
  return real
}

/** Follows the links of the part that exists. */
async function realPathOf(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error
    if (await exists(path)) throw new ToolFailed(`${path} is a link to nothing`)
    return join(await realPathOf(dirname(path)), basename(path))
  }
}

const exists = async (path: string): Promise<boolean> =>
  await lstat(path).then(
    () => true,
    () => false,
  )
