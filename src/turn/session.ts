import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { AgentWork, TakenWork } from './agent-work.ts'
import { packSession } from './session-files.ts'

/** The name under which an agent's newest session is kept, known to follow-ups. */
export const SESSION = 'session.tar'

/** Packs the files in which the agent's session lives; null when there are none that can be kept. */
export async function packedSession<Work extends TakenWork>({
  attempt,
  driver,
  place,
}: AgentWork<Work>): Promise<string | null> {
  if (driver.sessionFiles.length === 0) return null
  // Of its own name: the archive of an earlier turn may still be on its way to the hub.
  const archive = join(attempt.folder, `session-${randomUUID()}.tar`)
  return (await packSession(place.home, driver.sessionFiles, archive)) ? archive : null
}
