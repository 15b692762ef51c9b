import { AppError } from '../domain/errors.ts'
import type { Credential } from './credential.ts'
import {
  checkAgent,
  checkKey,
  secretFromCommand,
  secretFromFile,
  secretFromVariable,
  type CredentialContext,
} from './credential-sources.ts'

/**
 * Which URLs a credential is for, and where its secret is stored. A rule never contains a secret.
 */
export type CredentialRule = {
  /** `https://host/path` or `ssh://user@host/path`: matches that path and all paths below it. */
  readonly match: URL
  /** The user name for http and https. Most forges accept any name if the password is a token. */
  readonly user?: string | undefined
} & (
  | { readonly from: 'env'; readonly name: string }
  /** A file that contains the secret; for an ssh URL, a private key. */
  | { readonly from: 'file'; readonly path: string }
  /** A program that prints the secret, and its arguments. */
  | { readonly from: 'command'; readonly run: readonly [string, ...string[]] }
  | { readonly from: 'ssh-agent' }
)

type FindCredential = (url: string) => Promise<Credential | null>

/**
 * Returns a function that finds the credential for a repository URL. The rule with the longest
 * match wins. If no rule matches, the function returns the worker's ssh agent, if there is one, for
 * an ssh URL, and null for any other URL. The function throws StepFailed `credential-missing` if
 * the credential cannot be read or used. `credentialFinder` itself throws AppError `usage-invalid`
 * for a rule that can never work.
 */
export function credentialFinder(
  rules: readonly CredentialRule[],
  context: CredentialContext,
): FindCredential {
  for (const rule of rules) checkRule(rule, context)
  const sources = rules
    .map((rule) => ({ ...prefixOf(rule.match), credential: sourceOf(rule, context) }))
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
    if (address.protocol !== 'ssh:' || context.sshAuthSock === null) return null
    return await fromAgent(context.sshAuthSock, context)
  }
}

/**
 * The user name if a rule names none. Most forges accept any name if the password is a token;
 * GitHub's documentation uses this name.
 */
const ANY_USER = 'x-access-token'

function checkRule(rule: CredentialRule, { env, sshAuthSock }: CredentialContext): void {
  const isSsh = rule.match.protocol === 'ssh:'
  const wrong = (text: string) =>
    new AppError('usage-invalid', `git credential for ${rule.match.href}: ${text}`)
  if (isSsh && rule.from !== 'file' && rule.from !== 'ssh-agent') {
    throw wrong('an ssh URL needs "file" with a private key, or "ssh-agent"')
  }
  if (!isSsh && rule.from === 'ssh-agent') {
    throw wrong(
      '"ssh-agent" works only for ssh URLs; an http or https URL needs "env", "file" or "command"',
    )
  }
  if (rule.from === 'env' && (env[rule.name] ?? '') === '') {
    throw wrong(`the variable ${rule.name} is not set; set it in the worker’s environment`)
  }
  if (rule.from === 'ssh-agent' && sshAuthSock === null) {
    throw wrong(
      'SSH_AUTH_SOCK is not set; start the worker in an environment with a running ssh agent',
    )
  }
}

function sourceOf(rule: CredentialRule, context: CredentialContext): () => Promise<Credential> {
  const basic = (source: string, password: string): Credential => {
    const named = rule.user ?? decodeURIComponent(rule.match.username)
    return { kind: 'basic', source, user: named === '' ? ANY_USER : named, password }
  }
  switch (rule.from) {
    case 'env':
      return async () => basic(`the variable ${rule.name}`, secretFromVariable(rule.name, context))
    case 'command': {
      const secret = secretFromCommand(rule.run, context)
      return async () => basic(`the command ${rule.run[0]}`, await secret())
    }
    case 'ssh-agent':
      return async () => await fromAgent(context.sshAuthSock ?? '', context)
    case 'file':
      return rule.match.protocol === 'ssh:'
        ? async () => await fromKey(rule.path, context)
        : async () => basic(`the file ${rule.path}`, await secretFromFile(rule.path, context))
  }
}

async function fromAgent(socket: string, context: CredentialContext): Promise<Credential> {
  await checkAgent(socket, context)
  return { kind: 'ssh-agent', source: 'the ssh agent', socket }
}

async function fromKey(path: string, context: CredentialContext): Promise<Credential> {
  const file = await checkKey(path, context)
  return { kind: 'ssh-key', source: `the key ${path}`, file }
}

const SCP_STYLE = /^([^/@:]+@[^/@:]+):\/?(.*)$/

/** Parses a repository URL or `user@host:path`. Returns null for a local path. */
const addressOf = (url: string): URL | null => URL.parse(url.replace(SCP_STYLE, 'ssh://$1/$2'))

type UrlPrefix = {
  readonly protocol: string
  /** User name in an ssh URL. Empty in an http URL, because the rule chooses the user there. */
  readonly user: string
  readonly host: string
  /** The path, ending in a slash. */
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

/**
 * Whether a rule applies to a URL. Compares whole path segments: a rule for /acme does not apply to
 * /acme-evil.
 */
const covers = (rule: UrlPrefix, address: UrlPrefix): boolean =>
  rule.protocol === address.protocol &&
  rule.host === address.host &&
  (rule.user === '' || rule.user === address.user) &&
  address.folder.startsWith(rule.folder)
