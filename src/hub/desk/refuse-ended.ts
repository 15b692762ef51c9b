import { AppError } from '../../domain/errors.ts'
import type { Fence } from '../../domain/lease.ts'
import type { Ledger } from '../../ledger/port.ts'

/** Throws `lease-lost` if the attempt has ended or does not exist. */
export async function refuseEnded(ledger: Ledger, { jobId, attempt }: Fence): Promise<void> {
  const row = await ledger.attempt(jobId, attempt)
  if (row?.endedAt === null) return
  throw new AppError('lease-lost', `Attempt ${attempt} of job ${jobId} has ended.`)
}
