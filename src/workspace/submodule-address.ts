import { posix } from 'node:path'

/**
 * The address of a submodule, as git understands it: one that begins with ./ or ../ is seen from
 * the repository that names it. What cannot be resolved stays as it is, and is refused later.
 */
export function submoduleAddress(url: string, of: string): string {
  if (!/^\.\.?(?:\/|$)/.test(url)) return url
  if (of.startsWith('/')) return posix.join(of, url)
  const [, host, path] = /^([^/:]+@[^/:]+:)(.*)$/.exec(of) ?? []
  if (host !== undefined && path !== undefined) {
    const joined = posix.join(path, url)
    return joined.startsWith('..') ? url : `${host}${joined}`
  }
  return URL.parse(url, `${of.replace(/\/+$/, '')}/`)?.href ?? url
}
