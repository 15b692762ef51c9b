import { SALVAGE } from '../../domain/attempt.ts'
import { unsalvaged } from '../../domain/newest-work.ts'
import type { Continuation } from '../../domain/work.ts'

/**
 * Maps each default artifact name, such as `change.patch`, to the name under which the hub stores
 * that artifact of the earlier jobs. Leaves out empty files, because an empty patch means that
 * nothing changed. For each default name, the hub sends either the uploaded or the salvaged
 * artifact. An older hub may send both; the uploaded one then takes precedence.
 */
export function continuedFiles(artifacts: Continuation['artifacts']): ReadonlyMap<string, string> {
  const salvaged = artifacts.filter(({ name }) => name.startsWith(SALVAGE))
  const newest = new Map([
    ...salvaged.map((file) => [unsalvaged(file.name), file] as const),
    ...artifacts.map((file) => [file.name, file] as const),
  ])
  const filled = [...newest].filter(([, { size }]) => size > 0)
  return new Map(filled.map(([key, { name }]) => [key, name]))
}
