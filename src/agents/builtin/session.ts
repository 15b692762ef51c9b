import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ModelMessage, modelMessageSchema } from 'ai'
import { z } from 'zod'
import { writeDurably } from '../../platform/durable-file.ts'
import { SESSIONS_FOLDER } from './settings.ts'

const SessionFile = z.strictObject({ version: z.literal(1), messages: z.array(modelMessageSchema) })
const SessionId = z.uuid()

/**
 * Loads a conversation. Returns null if its file is missing or unreadable, or if `id` is not a
 * UUID. Throws if the content is invalid.
 */
export async function loadSession(
  home: string,
  id: string,
): Promise<readonly ModelMessage[] | null> {
  if (!SessionId.safeParse(id).success) return null
  const text = await readFile(pathOf(home, id), 'utf8').catch(() => null)
  if (text === null) return null
  return SessionFile.parse(JSON.parse(text)).messages
}

/** Saves a conversation so that another process, even on another machine, can continue it. */
export async function saveSession(
  home: string,
  id: string,
  messages: readonly ModelMessage[],
): Promise<void> {
  await writeDurably(pathOf(home, id), JSON.stringify({ version: 1, messages }))
}

const pathOf = (home: string, id: string): string => join(home, SESSIONS_FOLDER, `${id}.json`)
