import type { Credential } from './credential.ts'
import type { GitSettings } from './git.ts'

/**
 * Environment variables that make git's ssh ignore all configuration files, never prompt, reject
 * hosts with unknown keys, and offer only the credential's key.
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
    // Git passes this command to a shell, so no part of it may come from a job.
    GIT_SSH_COMMAND: `ssh -F /dev/null ${quoted.join(' ')}`,
    ...(credential?.kind === 'ssh-agent' ? { SSH_AUTH_SOCK: credential.socket } : {}),
  }
}

function identity(credential: Credential | null): readonly string[] {
  if (credential?.kind === 'ssh-agent') return ['IdentityFile=none']
  if (credential?.kind !== 'ssh-key') return ['IdentityFile=none', 'IdentityAgent=none']
  return [`IdentityFile="${credential.file}"`, 'IdentitiesOnly=yes', 'IdentityAgent=none']
}
