import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { AgentWork, TakenWork } from './agent-work.ts'
import { packSession } from './session-files.ts'

/** Name of the artifact with an agent's newest session, which follow-up jobs fetch. */
export const SESSION = 'session.tar'

/** Packs the agent's session files. Returns the archive's path, or null if they could not be packed. */
export async function packedSession<Work extends TakenWork>({
  attempt,
  driver,
  place,
}: AgentWork<Work>): Promise<string | null> {
  if (driver.sessionFiles.length === 0) return null
  // The name is unique, because the archive of an earlier turn may still be uploading.
  const archive = join(attempt.folder, `session-${randomUUID()}.tar`)
  return (await packSession(place.home, driver.sessionFiles, archive)) ? archive : null
}
