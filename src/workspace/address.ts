import { StepFailed } from '../domain/stop.ts'
import { REF_NAME } from './ref-name.ts'

/** How git reaches a repository; `http` stands for https too. */
export type Transport = 'http' | 'ssh' | 'file'

/** A repository's address that this worker may use. */
export type Address = {
  readonly url: string
  readonly transport: Transport
  /** Git's own names for the protocols this needs. */
  readonly protocols: readonly string[]
}

const HIDDEN = /[\p{Cc}\p{Cf}\u2028\u2029]/u
const WITH_PASSWORD = /^[a-z+]+:\/\/[^/@]*:[^/@]*@/i
const SCP_STYLE = /^[\w.][\w.-]*@[A-Za-z0-9][\w.-]*:[^\s:-]\S*$/

/**
 * Reads a repository's address. Throws StepFailed `protocol-refused` for anything that this
 * worker does not allow or git could take for something else than an address.
 */
export function parseAddress(url: string, allow: Readonly<Record<Transport, boolean>>): Address {
  const transport = HIDDEN.test(url) || WITH_PASSWORD.test(url) ? undefined : transportOf(url)
  if (transport === undefined) {
    throw new StepFailed(
      'protocol-refused',
      `${printable(url)} is not an address this worker understands: use https://, ssh:// or user@host:path, without a password`,
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
  http: 'http and https addresses',
  ssh: 'ssh addresses',
  file: 'local paths and file addresses; the operator can with --allow-local',
}

/** An address for people, safe to print whatever it holds. */
const printable = (url: string): string =>
  JSON.stringify(url.replace(/(:\/\/[^/@:]*):[^/@]*@/, '$1:…@').slice(0, 200))

function transportOf(url: string): Transport | undefined {
  if (url.startsWith('/')) return 'file'
  if (/^file:\/\/\/\S/i.test(url)) return 'file'
  if (/^https?:\/\/[^/\s-][^\s]*$/i.test(url) && URL.canParse(url)) return 'http'
  if (/^ssh:\/\/(?:[\w.][\w.-]*@)?[A-Za-z0-9[][^\s]*$/i.test(url)) return 'ssh'
  return SCP_STYLE.test(url) ? 'ssh' : undefined
}

/** The names a ref may be meant by on the remote, best first. A branch wins over a tag. */
export function refCandidates(ref: string): readonly string[] {
  return ref.startsWith('refs/') ? [ref] : [`refs/heads/${ref}`, `refs/tags/${ref}`]
}

/** Refuses names that git or a shell could take for something else. Throws StepFailed `ref-not-found`. */
export function checkRef(ref: string): string {
  if (REF_NAME.test(ref)) return ref
  throw new StepFailed(
    'ref-not-found',
    `${JSON.stringify(ref.slice(0, 200))} cannot be the name of a branch, tag or commit`,
  )
}

export const isCommitId = (text: string): boolean => /^[0-9a-f]{40}$/.test(text)
