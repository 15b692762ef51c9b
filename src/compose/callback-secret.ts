import { join } from 'node:path'
import { callbackSecretOf } from '../callbacks/sign.ts'
import { CallbackSecrets } from '../config/callbacks.ts'
import type { HubConfig } from '../config/settings.ts'
import { AppError } from '../domain/errors.ts'
import type { RandomBytes } from '../domain/id.ts'
import type { Secret } from '../domain/secret.ts'
import { writeDurably } from '../platform/durable-file.ts'
import { readIfPresent } from '../platform/read-if-present.ts'

const SECRET_BYTES = 32

/**
 * Returns the secrets with which this hub signs callbacks. If the setting `callbackSecret` is
 * missing and the ledger is in SQLite, reads the secret from a file in the data folder, and creates
 * the file at the first start. Returns null if the setting is missing and the ledger is in
 * PostgreSQL: several hubs may share the ledger, and their files would contain different secrets.
 * Throws `callback-secret-invalid` if the file is invalid.
 */
export async function callbackSecrets(
  config: Pick<HubConfig, 'callbackSecret' | 'database'>,
  folder: string,
  random: RandomBytes,
): Promise<readonly Secret[] | null> {
  if (config.callbackSecret !== undefined) return config.callbackSecret
  if (config.database !== undefined) return null
  const path = join(folder, 'callback.secret')
  const present = await readIfPresent(path)
  const text = present ?? callbackSecretOf(random(SECRET_BYTES))
  const secrets = CallbackSecrets.safeParse(text)
  if (!secrets.success) {
    const why = secrets.error.issues[0]?.message ?? 'is invalid'
    throw new AppError('callback-secret-invalid', `${path} ${why}.`)
  }
  if (present === null) await writeDurably(path, `${text}\n`)
  return secrets.data
}
