import { StepFailed } from '../domain/stop.ts'
import { isObjectId } from './object-format.ts'
import { whyNoRefName } from './ref-name.ts'

/** The transport over which git reaches a repository; `http` includes https. */
export type Transport = 'http' | 'ssh' | 'file'

/** A repository URL, `user@host:path` or local path that this worker allows. */
export type Address = {
  readonly url: string
  readonly transport: Transport
  /** The protocols to allow in git calls to this address, by git's names, such as `https`. */
  readonly protocols: readonly string[]
}

const HIDDEN = /[\p{Cc}\p{Cf}\u2028\u2029]/u
const SCP_STYLE = /^[\w.][\w.-]*@[A-Za-z0-9][\w.-]*:[^\s:-]\S*$/

/** Whether a repository URL contains a password. */
export const hasPassword = (url: string): boolean => /^[a-z+]+:\/\/[^/@]*:[^/@]*@/i.test(url)

/**
 * Parses a repository URL. Throws StepFailed `protocol-refused` if this worker does not allow the
 * transport, if the URL contains a password, or if `url` is not in a supported form. An unsupported
 * form is rejected because git could interpret it as an option, for example.
 */
export function parseAddress(url: string, allow: Readonly<Record<Transport, boolean>>): Address {
  const transport = HIDDEN.test(url) || hasPassword(url) ? undefined : transportOf(url)
  if (transport === undefined) {
    throw new StepFailed(
      'protocol-refused',
      `${printable(url)} is not a supported repository URL: use https://, ssh:// or user@host:path, without a password`,
    )
  }
  if (!allow[transport]) {
    throw new StepFailed(
      'protocol-refused',
      `${url}: this worker does not allow ${NAMES[transport]}`,
    )
  }
  return { url, transport, protocols: transport === 'http' ? ['http', 'https'] : [transport] }
}

const NAMES: Readonly<Record<Transport, string>> = {
  http: 'http and https URLs',
  ssh: 'ssh URLs',
  file: 'local paths and file:// URLs; to allow them, start the worker with --allow-local',
}

/** The URL as messages show it: quoted, truncated, and without its password. */
const printable = (url: string): string =>
  JSON.stringify(url.replace(/(:\/\/[^/@:]*):[^/@]*@/, '$1:…@').slice(0, 200))

function transportOf(url: string): Transport | undefined {
  if (url.startsWith('/')) return 'file'
  if (/^file:\/\/\/\S/i.test(url)) return 'file'
  if (/^https?:\/\/[^/\s-][^\s]*$/i.test(url) && URL.canParse(url)) return 'http'
  if (/^ssh:\/\/(?:[\w.][\w.-]*@)?[A-Za-z0-9[][^\s]*$/i.test(url)) return 'ssh'
  return SCP_STYLE.test(url) ? 'ssh' : undefined
}

/**
 * The names and ids that a ref can stand for, in order of precedence: a branch, a tag, a commit id.
 * Throws StepFailed `ref-not-found` if the ref is not a valid name.
 * @param ref null for the remote's HEAD
 */
export function refCandidates(ref: string | null): readonly string[] {
  if (ref === null || ref === 'HEAD') return ['HEAD']
  const name = checkRef(ref)
  if (name.startsWith('refs/')) return [name]
  return [`refs/heads/${name}`, `refs/tags/${name}`, ...(isObjectId(name) ? [name] : [])]
}

/**
 * Returns the ref unchanged. Throws StepFailed `ref-not-found` if it is not a valid name, because
 * git or a shell could misinterpret it.
 */
function checkRef(ref: string): string {
  const why = whyNoRefName(ref)
  if (why === null) return ref
  throw new StepFailed('ref-not-found', `${JSON.stringify(ref.slice(0, 200))}: ${why}`)
}
