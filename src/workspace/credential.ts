/** A login for a repository's host. Used by ls-remote, fetch and push alone. */
export type Credential = {
  /** Where it comes from, for people: `the variable GITHUB_TOKEN`. */
  readonly source: string
} & (
  | { readonly kind: 'basic'; readonly user: string; readonly password: string }
  /** The agent's socket. */
  | { readonly kind: 'ssh-agent'; readonly socket: string }
  /** A file with a private key that has no passphrase. */
  | { readonly kind: 'ssh-key'; readonly file: string }
)

/** The value of an Authorization header; null for what is not sent in one. */
export function authorization(credential: Credential): string | null {
  if (credential.kind !== 'basic') return null
  const { user, password } = credential
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

/** A remote may echo what it was sent. */
export function withoutSecrets(text: string, credential: Credential | null): string {
  return secretsOf(credential)
    .filter((part) => part !== '')
    .reduce((words, part) => words.replaceAll(part, '[redacted]'), text)
}

function secretsOf(credential: Credential | null): readonly string[] {
  if (credential?.kind !== 'basic') return []
  const [, encoded = ''] = (authorization(credential) ?? '').split(' ')
  return [encoded, credential.password]
}
