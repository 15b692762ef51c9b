import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Environment, GitCredential } from '../config.ts'
import { AppError } from '../domain/errors.ts'
import { StepFailed } from '../domain/stop.ts'
import type { Credential } from '../workspace/git.ts'

/** Forges take any user name with a token as password; this one is what GitHub documents. */
const ANY_USER = 'x-access-token'

/**
 * Finds the credential for a repository's address: the rule with the longest matching beginning
 * wins. Files are read anew each time, so that a rotated secret is used at once. Throws
 * `usage-invalid` at once for a variable that is not set.
 */
export function credentialFinder(
  rules: readonly GitCredential[],
  { env, cwd }: { readonly env: Environment; readonly cwd: string },
): (url: string) => Promise<Credential | null> {
  const longestFirst = rules.toSorted(
    (one, other) => other.prefix.pathname.length - one.prefix.pathname.length,
  )
  for (const rule of longestFirst) {
    if (rule.from === 'env') fromEnvironment(rule, env)
  }
  return async (url) => {
    const rule = longestFirst.find(({ prefix }) => covers(prefix, url))
    if (rule === undefined) return null
    const user = decodeURIComponent(rule.prefix.username)
    const password = rule.from === 'env' ? fromEnvironment(rule, env) : await fromFile(rule, cwd)
    return { kind: 'basic', user: user === '' ? ANY_USER : user, password }
  }
}

/** Whole path segments only: a rule for /acme is none for /acme-evil. */
function covers(prefix: URL, url: string): boolean {
  const address = URL.parse(url)
  if (address === null || address.origin !== prefix.origin) return false
  const folder = prefix.pathname.endsWith('/') ? prefix.pathname : `${prefix.pathname}/`
  return `${address.pathname}/`.startsWith(folder)
}

function fromEnvironment({ where }: GitCredential, env: Environment): string {
  const value = env[where]
  if (value !== undefined && value !== '') return value
  throw new AppError('usage-invalid', `--git-credential: the variable ${where} is not set`)
}

async function fromFile({ where }: GitCredential, cwd: string): Promise<string> {
  try {
    return (await readFile(resolve(cwd, where), 'utf8')).trim()
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new StepFailed(
      'repository-login',
      `the worker cannot read the credential file ${where}: ${why}`,
      { cause: error },
    )
  }
}
