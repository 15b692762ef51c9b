import { AppError } from '../domain/errors.ts'
import { isDiskFull } from '../platform/disk-space.ts'

/**
 * Runs work that writes below a folder. Throws `disk-full` if the disk that holds the folder has no
 * space left.
 */
export async function withDiskFullError<Value>(
  folder: string,
  work: () => Promise<Value>,
): Promise<Value> {
  try {
    return await work()
  } catch (error) {
    if (!isDiskFull(error)) throw error
    throw new AppError('disk-full', `The disk that holds ${folder} is full.`, { cause: error })
  }
}
