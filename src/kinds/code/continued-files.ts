import { SALVAGE } from '../../domain/attempt.ts'
import type { Continuation } from '../../domain/work.ts'

/**
 * The names of the earlier jobs' artifacts: for each default name, such as `change.patch`, the name
 * under which the hub has the artifact. If no attempt kept an artifact with this name, this is what was
 * salvaged after a worker died.
 */
export function continuedFiles(artifacts: Continuation['artifacts']): ReadonlyMap<string, string> {
  const names = artifacts.map(({ name }) => name)
  const salvaged = names.filter((name) => name.startsWith(SALVAGE))
  return new Map([
    ...salvaged.map((name) => [name.slice(SALVAGE.length), name] as const),
    ...names.map((name) => [name, name] as const),
  ])
}
