import type { Credential } from './credential.ts'
import type { GitSettings } from './git.ts'

/**
 * The environment that makes git's ssh ignore all configuration files, never prompt, refuse hosts
 * with unknown keys, and offer only the key of the credential.
 */
export function sshEnvironment(
  { knownHosts }: Pick<GitSettings, 'knownHosts'>,
  credential: Credential | null,
): Record<string, string> {
  const options = [
    'BatchMode=yes',
    'StrictHostKeyChecking=yes',
    'UpdateHostKeys=no',
    'ConnectTimeout=30',
    ...(knownHosts === null
      ? []
      : [`UserKnownHostsFile="${knownHosts}"`, 'GlobalKnownHostsFile=/dev/null']),
    ...identity(credential),
  ]
  const quoted = options.map((option) => `-o '${option.replaceAll("'", `'\\''`)}'`)
  return {
    GIT_SSH_VARIANT: 'ssh',
    // Git passes this line to a shell; no part of it comes from a job.
    GIT_SSH_COMMAND: `ssh -F /dev/null ${quoted.join(' ')}`,
    ...(credential?.kind === 'ssh-agent' ? { SSH_AUTH_SOCK: credential.socket } : {}),
  }
}

function identity(credential: Credential | null): readonly string[] {
  if (credential?.kind === 'ssh-agent') return ['IdentityFile=none']
  if (credential?.kind !== 'ssh-key') return ['IdentityFile=none', 'IdentityAgent=none']
  return [`IdentityFile="${credential.file}"`, 'IdentitiesOnly=yes', 'IdentityAgent=none']
}
