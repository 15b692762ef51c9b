import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { AgentWork, TakenWork } from './agent-work.ts'
import { packSession } from './session-files.ts'

/** The artifact name of an agent's newest session, by which follow-up jobs fetch it. */
export const SESSION = 'session.tar'

/** Packs the files of the agent's session into an archive; null when there is nothing to keep. */
export async function packedSession<Work extends TakenWork>({
  attempt,
  driver,
  place,
}: AgentWork<Work>): Promise<string | null> {
  if (driver.sessionFiles.length === 0) return null
  // A unique name, because the archive of an earlier turn may still be uploading.
  const archive = join(attempt.folder, `session-${randomUUID()}.tar`)
  return (await packSession(place.home, driver.sessionFiles, archive)) ? archive : null
}
