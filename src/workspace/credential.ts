/** A credential for a repository's host. Only git calls to that host receive it. */
export type Credential = {
  /** Where the secret is stored, for messages, such as `the variable GITHUB_TOKEN`. */
  readonly source: string
} & (
  | { readonly kind: 'basic'; readonly user: string; readonly password: string }
  /** `socket` is the path of the ssh agent's socket. */
  | { readonly kind: 'ssh-agent'; readonly socket: string }
  /** `file` is the path of a private key without a passphrase. */
  | { readonly kind: 'ssh-key'; readonly file: string }
)

/** The value of the HTTP Authorization header; null for an ssh credential. */
export function authorization(credential: Credential): string | null {
  if (credential.kind !== 'basic') return null
  const { user, password } = credential
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

/** Redacts the credential in output, because a remote may echo the credential. */
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
