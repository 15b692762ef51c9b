import { SALVAGE } from '../../domain/attempt.ts'
import type { Continuation } from '../../domain/work.ts'

/**
 * Maps each default artifact name, such as `change.patch`, to the name under which the hub stores
 * the artifact of the earlier jobs. An artifact that an attempt uploaded takes precedence over one
 * that was salvaged after a worker died.
 */
export function continuedFiles(artifacts: Continuation['artifacts']): ReadonlyMap<string, string> {
  const names = artifacts.map(({ name }) => name)
  const salvaged = names.filter((name) => name.startsWith(SALVAGE))
  return new Map([
    ...salvaged.map((name) => [name.slice(SALVAGE.length), name] as const),
    ...names.map((name) => [name, name] as const),
  ])
}
