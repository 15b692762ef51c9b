import { AppError } from '../domain/errors.ts'

/** The system's code of an error, such as ENOENT. */
const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined

/** For `.catch`: null when the file is not there; anything else is thrown on. */
export function nullWhenMissing(error: unknown): null {
  if (codeOf(error) === 'ENOENT') return null
  throw error
}

/** Does work that writes below a folder; where that fails for want of space it throws `disk-full`. */
export async function namingFullDisk<Value>(
  folder: string,
  work: () => Promise<Value>,
): Promise<Value> {
  try {
    return await work()
  } catch (error) {
    if (!['ENOSPC', 'EDQUOT'].includes(String(codeOf(error)))) throw error
    throw new AppError('disk-full', `no space left on the disk of ${folder}`, { cause: error })
  }
}
