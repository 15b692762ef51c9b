import { AppError } from '../domain/errors.ts'
import { isDiskFull } from '../platform/disk-space.ts'

/** Does work that writes below a folder; where that fails for want of space it throws `disk-full`. */
export async function namingFullDisk<Value>(
  folder: string,
  work: () => Promise<Value>,
): Promise<Value> {
  try {
    return await work()
  } catch (error) {
    if (!isDiskFull(error)) throw error
    throw new AppError('disk-full', `no space left on the disk of ${folder}`, { cause: error })
  }
}
