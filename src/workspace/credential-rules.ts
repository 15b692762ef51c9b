import { AppError } from '../domain/errors.ts'
import type { Credential } from './credential.ts'
import {
  checkAgent,
  checkKey,
  secretFromCommand,
  secretFromFile,
  secretFromVariable,
  type Surroundings,
} from './credential-sources.ts'

/** Which addresses a credential is for, and where it is kept: never in the rule itself. */
export type CredentialRule = {
  /** `https://host/path` or `ssh://user@host/path`: that place and all below it. */
  readonly match: URL
  /** Who to log in as over http; forges take any name with a token. */
  readonly user?: string | undefined
} & (
  | { readonly from: 'env'; readonly name: string }
  /** A file with the secret; for an ssh address, the file of a private key. */
  | { readonly from: 'file'; readonly path: string }
  /** A program that prints the secret. */
  | { readonly from: 'command'; readonly run: readonly [string, ...string[]] }
  | { readonly from: 'ssh-agent' }
)

type FindCredential = (url: string) => Promise<Credential | null>

/**
 * Finds the credential for a repository's address: the rule with the longest match wins. An ssh
 * address without a rule is left to the worker's ssh agent, when it has one.
 * Throws `usage-invalid` at once for a rule that can never work. Finding throws StepFailed
 * `credential-missing`, with the way to fix it.
 */
export function credentialFinder(
  rules: readonly CredentialRule[],
  here: Surroundings,
): FindCredential {
  for (const rule of rules) checkRule(rule, here)
  const sources = rules
    .map((rule) => ({ ...prefixOf(rule.match), credential: sourceOf(rule, here) }))
    .toSorted(
      (one, other) =>
        other.folder.length - one.folder.length || other.user.length - one.user.length,
    )
  return async (url) => {
    const address = addressOf(url)
    if (address === null) return null
    const prefix = prefixOf(address)
    const source = sources.find((candidate) => covers(candidate, prefix))
    if (source !== undefined) return await source.credential()
    if (address.protocol !== 'ssh:' || here.sshAuthSock === null) return null
    return await fromAgent(here.sshAuthSock, here)
  }
}

/** Forges take any user name with a token as password; this one is what GitHub documents. */
const ANY_USER = 'x-access-token'

function checkRule(rule: CredentialRule, { env, sshAuthSock }: Surroundings): void {
  const isSsh = rule.match.protocol === 'ssh:'
  const wrong = (text: string) =>
    new AppError('usage-invalid', `git credential for ${rule.match.href}: ${text}`)
  if (isSsh && rule.from !== 'file' && rule.from !== 'ssh-agent') {
    throw wrong('an ssh address takes the file of a key, or ssh-agent')
  }
  if (!isSsh && rule.from === 'ssh-agent') {
    throw wrong('ssh-agent is for ssh addresses; an http one takes env, file or command')
  }
  if (rule.from === 'env' && (env[rule.name] ?? '') === '') {
    throw wrong(`the variable ${rule.name} is not set; set it where the worker is started`)
  }
  if (rule.from === 'ssh-agent' && sshAuthSock === null) {
    throw wrong('SSH_AUTH_SOCK is not set; start the worker where an ssh agent runs')
  }
}

function sourceOf(rule: CredentialRule, here: Surroundings): () => Promise<Credential> {
  const basic = (source: string, password: string): Credential => {
    const named = rule.user ?? decodeURIComponent(rule.match.username)
    return { kind: 'basic', source, user: named === '' ? ANY_USER : named, password }
  }
  switch (rule.from) {
    case 'env':
      return async () => basic(`the variable ${rule.name}`, secretFromVariable(rule.name, here))
    case 'command': {
      const secret = secretFromCommand(rule.run, here)
      return async () => basic(`the command ${rule.run[0]}`, await secret())
    }
    case 'ssh-agent':
      return async () => await fromAgent(here.sshAuthSock ?? '', here)
    case 'file':
      return rule.match.protocol === 'ssh:'
        ? async () => await fromKey(rule.path, here)
        : async () => basic(`the file ${rule.path}`, await secretFromFile(rule.path, here))
  }
}

async function fromAgent(socket: string, here: Surroundings): Promise<Credential> {
  await checkAgent(socket, here)
  return { kind: 'ssh-agent', source: 'the ssh agent', socket }
}

async function fromKey(path: string, here: Surroundings): Promise<Credential> {
  const file = await checkKey(path, here)
  return { kind: 'ssh-key', source: `the key ${path}`, file }
}

const SCP_STYLE = /^([^/@:]+@[^/@:]+):\/?(.*)$/

/** A repository's address as a URL, `user@host:path` included; null for a path on this machine. */
const addressOf = (url: string): URL | null => URL.parse(url.replace(SCP_STYLE, 'ssh://$1/$2'))

type UrlPrefix = {
  readonly protocol: string
  /** Of an ssh address; whoever logs in over http is the rule's own affair. */
  readonly user: string
  readonly host: string
  /** Ends in a slash. */
  readonly folder: string
}

function prefixOf({ protocol, username, host, pathname }: URL): UrlPrefix {
  const isSsh = protocol === 'ssh:'
  return {
    protocol,
    user: isSsh ? username : '',
    host: isSsh ? host.toLowerCase().replace(/:22$/, '') : host,
    folder: pathname.endsWith('/') ? pathname : `${pathname}/`,
  }
}

/** Whole path segments only: a rule for /acme is none for /acme-evil. */
const covers = (rule: UrlPrefix, address: UrlPrefix): boolean =>
  rule.protocol === address.protocol &&
  rule.host === address.host &&
  (rule.user === '' || rule.user === address.user) &&
  address.folder.startsWith(rule.folder)
