import { nameSome } from '../../domain/name-some.ts'
import { StepFailed } from '../../domain/stop.ts'
import { listOutputs, OUTPUTS } from './list-outputs.ts'
import { digested, type Outputs } from './outputs.ts'

/** Maximum number of changed files that the finding names. */
const NAMED_MAX = 20

/**
 * Returns a finding that names the files that a check changed, added or removed; null if there are
 * none. Reads every file.
 * @param folder the folder with the outputs; no process may write to it while this function runs
 */
export async function changeOf(
  { files: made }: Pick<Outputs, 'files'>,
  folder: string,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    const found = await digested((await listOutputs(folder, signal)).files, signal)
    const changed = difference(digests(made), digests(found))
    if (changed.length === 0) return null
    const paths = changed.map((name) => `${OUTPUTS}/${name}`)
    return `the check changed ${nameSome(paths, NAMED_MAX)}; checks must only read the files`
  } catch (error) {
    if (error instanceof StepFailed) return `the check changed the files: ${error.detail}`
    throw error
  }
}

const digests = (
  files: readonly { readonly name: string; readonly digest: string }[],
): ReadonlyMap<string, string> => new Map(files.map(({ name, digest }) => [name, digest]))

/** The names that are in only one of the maps, and those whose digests differ. */
const difference = (
  one: ReadonlyMap<string, string>,
  other: ReadonlyMap<string, string>,
): readonly string[] =>
  [...new Set([...one.keys(), ...other.keys()])].filter((name) => one.get(name) !== other.get(name))
