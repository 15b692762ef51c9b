import { AppError } from '../domain/errors.ts'
import { isDiskFull } from '../platform/disk-space.ts'

/** Runs work that writes below a folder. Throws `disk-full` if the folder's disk has no space left. */
export async function withDiskFullError<Value>(
  folder: string,
  work: () => Promise<Value>,
): Promise<Value> {
  try {
    return await work()
  } catch (error) {
    if (!isDiskFull(error)) throw error
    throw new AppError('disk-full', `The disk of ${folder} is full.`, { cause: error })
  }
}
