import { posix } from 'node:path'

/**
 * Resolves the address of a submodule as git does: `./` and `../` are relative to the address `of` the
 * repository that names it. Returns an address that cannot be resolved unchanged; `parseAddress`
 * then refuses it.
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
