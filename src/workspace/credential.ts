/** A login for a repository's host. Only ls-remote, fetch and push use it. */
export type Credential = {
  /** Where it comes from, for messages: `the variable GITHUB_TOKEN`. */
  readonly source: string
} & (
  | { readonly kind: 'basic'; readonly user: string; readonly password: string }
  /** The agent's socket. */
  | { readonly kind: 'ssh-agent'; readonly socket: string }
  /** A file with a private key that has no passphrase. */
  | { readonly kind: 'ssh-key'; readonly file: string }
)

/** The value of the Authorization header; null for a credential that needs none. */
export function authorization(credential: Credential): string | null {
  if (credential.kind !== 'basic') return null
  const { user, password } = credential
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

/** Redacts the credential from output, because a remote may echo it. */
export function withoutSecrets(text: string, credential: Credential | null): string {
  return secretsOf(credential)
    .filter((part) => part !== '')
    .reduce((redacted, part) => redacted.replaceAll(part, '[redacted]'), text)
}

function secretsOf(credential: Credential | null): readonly string[] {
  if (credential?.kind !== 'basic') return []
  const [, encoded = ''] = (authorization(credential) ?? '').split(' ')
  return [encoded, credential.password]
}
