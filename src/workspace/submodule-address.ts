import { posix } from 'node:path'

/**
 * Resolves a submodule's URL as git does: a URL that begins with `./` or `../` is relative to the
 * URL of the parent repository. If it cannot be resolved, returns it unchanged; `parseAddress` then
 * rejects it.
 */
export function submoduleAddress(url: string, parent: string): string {
  if (!/^\.\.?(?:\/|$)/.test(url)) return url
  if (parent.startsWith('/')) return posix.join(parent, url)
  const [, host, path] = /^([^/:]+@[^/:]+:)(.*)$/.exec(parent) ?? []
  if (host !== undefined && path !== undefined) {
    const joined = posix.join(path, url)
    return joined.startsWith('..') ? url : `${host}${joined}`
  }
  return URL.parse(url, `${parent.replace(/\/+$/, '')}/`)?.href ?? url
}
