import { StepFailed } from '../domain/stop.ts'
import { REF_NAME } from './ref-name.ts'

/** How git reaches a repository; `http` includes https. */
export type Transport = 'http' | 'ssh' | 'file'

/** A repository URL, `user@host:path` or local path that this worker allows. */
export type Address = {
  readonly url: string
  readonly transport: Transport
  /** The protocols to allow in git calls to this address, by git's names, such as `https`. */
  readonly protocols: readonly string[]
}

const HIDDEN = /[\p{Cc}\p{Cf}\u2028\u2029]/u
const WITH_PASSWORD = /^[a-z+]+:\/\/[^/@]*:[^/@]*@/i
const SCP_STYLE = /^[\w.][\w.-]*@[A-Za-z0-9][\w.-]*:[^\s:-]\S*$/

/**
 * Parses a repository URL. Throws StepFailed `protocol-refused` if this worker does not allow the
 * transport, if the URL contains a password, or if the text has no supported form. Git could
 * interpret other text as an option, for example.
 */
export function parseAddress(url: string, allow: Readonly<Record<Transport, boolean>>): Address {
  const transport = HIDDEN.test(url) || WITH_PASSWORD.test(url) ? undefined : transportOf(url)
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

/** A URL for messages: quoted, truncated, and without its password. */
const printable = (url: string): string =>
  JSON.stringify(url.replace(/(:\/\/[^/@:]*):[^/@]*@/, '$1:…@').slice(0, 200))

function transportOf(url: string): Transport | undefined {
  if (url.startsWith('/')) return 'file'
  if (/^file:\/\/\/\S/i.test(url)) return 'file'
  if (/^https?:\/\/[^/\s-][^\s]*$/i.test(url) && URL.canParse(url)) return 'http'
  if (/^ssh:\/\/(?:[\w.][\w.-]*@)?[A-Za-z0-9[][^\s]*$/i.test(url)) return 'ssh'
  return SCP_STYLE.test(url) ? 'ssh' : undefined
}

/** The full ref names to look for on the remote. A branch takes precedence over a tag. */
export function refCandidates(ref: string): readonly string[] {
  return ref.startsWith('refs/') ? [ref] : [`refs/heads/${ref}`, `refs/tags/${ref}`]
}

/**
 * Returns the ref unchanged. Throws StepFailed `ref-not-found` if it is not a valid name, because
 * git or a shell could misinterpret it.
 */
export function checkRef(ref: string): string {
  if (REF_NAME.test(ref)) return ref
  throw new StepFailed(
    'ref-not-found',
    `${JSON.stringify(ref.slice(0, 200))} is not a valid branch name, tag name or commit id`,
  )
}

export const isCommitId = (text: string): boolean => /^[0-9a-f]{40}$/.test(text)
