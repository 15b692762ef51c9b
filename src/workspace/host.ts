import type { Resource } from '../domain/resource.ts'

const SCP_STYLE = /^([\w.-]+)@([\w.-]+):/

/**
 * The host of a repository, as a resource that can be closed. `covers` matches the `repo:` demands
 * for all repositories on the host (`kinds/code/demands.ts`). Null for a local repository.
 */
export function hostOf(repository: string): Resource | null {
  const [, user, name] = SCP_STYLE.exec(repository) ?? []
  if (user !== undefined && name !== undefined) return sshHost(user, name.toLowerCase())
  const url = URL.parse(repository)
  if (url === null || url.host === '' || url.protocol === 'file:') return null
  const host = url.host.toLowerCase()
  if (url.protocol === 'ssh:') return sshHost(url.username || 'git', host)
  const origin = `${url.protocol}//${host}`
  return { key: `host:${origin}`, covers: [`repo:${origin}/*`] }
}

/**
 * The address of a repository on an ssh host has one of two forms: `user@host:path` or
 * `ssh://host/path`.
 */
const sshHost = (user: string, host: string): Resource => ({
  key: `host:ssh://${host}`,
  covers: [`repo:ssh://${host}/*`, `repo:${user}@${host}:*`],
})
