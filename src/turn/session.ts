import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { AgentWork, TakenWork } from './agent-work.ts'
import { packSession } from './session-files.ts'

/** Name of the artifact with an agent's newest session, which follow-up jobs fetch. */
export const SESSION = 'session.tar'

/** The media type of the artifact `SESSION`. */
export const SESSION_TYPE = 'application/x-tar'

/**
 * Packs the agent's session files. Returns the archive's path, or null if they could not be packed.
 */
export const packedSession = <Work extends TakenWork>({
  attempt,
  driver,
  place,
}: AgentWork<Work>): Promise<string | null> =>
  packInto(attempt.folder, place.home, driver.sessionFiles)

/**
 * Packs these files of a HOME folder into an archive in `folder`. Returns the archive's path, or
 * null if the files could not be packed.
 */
export async function packInto(
  folder: string,
  home: string,
  sessionFiles: readonly string[],
): Promise<string | null> {
  if (sessionFiles.length === 0) return null
  // The name is unique, because the archive of an earlier turn may still be uploading.
  const archive = join(folder, `session-${randomUUID()}.tar`)
  return (await packSession(home, sessionFiles, archive)) ? archive : null
}
