import { lstat, realpath } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { hasErrno } from '../../../platform/errno.ts'
import { ToolFailed } from './tool-failed.ts'

/**
 * Returns the real path of a file that the model named; the file need not exist. Resolves symbolic
 * links, and throws `ToolFailed` if the result is outside the workspace. This guards against
 * mistakes; the sandbox is the security boundary.
 * @param root real path of the workspace
 */
export async function confine(root: string, path: string): Promise<string> {
  const real = await realPathOf(resolve(root, path))
  const inside = relative(root, real)
  if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) {
    throw new ToolFailed(`${path} is outside the workspace`)
  }
  return real
}

/** Resolves symbolic links in the part of the path that exists. */
async function realPathOf(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error
    if (await exists(path)) throw new ToolFailed(`${path} is a broken symbolic link`)
    return join(await realPathOf(dirname(path)), basename(path))
  }
}

const exists = async (path: string): Promise<boolean> =>
  await lstat(path).then(
    () => true,
    () => false,
  )
