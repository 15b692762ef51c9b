import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { parseConfigFile } from '../config/file.ts'
import { readConfig } from '../config/read.ts'
import { UpConfig } from '../config/settings.ts'
import { CodePayload } from '../kinds/code/payload.ts'
import { gitSettings, secretsOfGit, signatureOf } from './git.ts'

const read = (flags: Readonly<Record<string, unknown>>) =>
  readConfig(UpConfig, { flags, env: {}, file: null })
const HERE = { env: { HOME: '/home/ada', SSH_AUTH_SOCK: '/run/agent' }, cwd: '/' }
const PLACES = { ...HERE, folder: '/data/worker', path: '/usr/bin' }

async function aKey(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'millwright-test-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'key'), 'a key')
  return join(folder, 'key')
}

describe('the worker’s use of git', () => {
  it('commits as Millwright, unsigned, unless told otherwise', () => {
    expect(signatureOf(read({}), HERE)).toEqual({
      committer: { name: 'Millwright', email: 'millwright@localhost' },
      signing: null,
    })
  })

  it('commits in the name it is given', () => {
    const { committer } = signatureOf(read({ gitCommitter: 'Build Bot <bot@example.org>' }), HERE)
    expect(committer).toEqual({ name: 'Build Bot', email: 'bot@example.org' })
    expect(() => read({ gitCommitter: 'bot@example.org' })).toThrow(/must look like/)
    expect(() => read({ gitCommitter: '... <bot@example.org>' })).toThrow(/begin with a name/)
  })

  it('signs with an ssh key or one of GnuPG, and does not start without it', async () => {
    const key = await aKey()
    expect(signatureOf(read({ gitSign: 'ssh', gitSigningKey: key }), HERE).signing).toEqual({
      format: 'ssh',
      key,
      agent: '/run/agent',
    })
    expect(signatureOf(read({ gitSign: 'gpg', gitSigningKey: 'ABCD' }), HERE).signing).toEqual({
      format: 'gpg',
      key: 'ABCD',
      home: '/home/ada/.gnupg',
    })
    expect(() => signatureOf(read({ gitSign: 'ssh' }), HERE)).toThrow(/"git.signingKey" is not set/)
    const absent = read({ gitSign: 'ssh', gitSigningKey: '/nonexistent/key' })
    expect(() => signatureOf(absent, HERE)).toThrow('/nonexistent/key cannot be read')
  })

  it('does not start with known hosts that are not there', () => {
    const config = read({ gitKnownHosts: '/nonexistent/hosts' })
    expect(() => gitSettings(config, PLACES)).toThrow(/git.knownHosts: .* cannot be read/)
  })

  it('hides every file and socket that could stand for the worker', async () => {
    const key = await aKey()
    const gitCredential = ['https://h/=file:/etc/token', 'https://g/=env:HOME']
    const config = read({ gitCredential, gitSign: 'ssh', gitSigningKey: key })
    expect(secretsOfGit(config, HERE)).toEqual(['/etc/token', key, '/run/agent'])
  })
})

describe('docs/git.md', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/git.md'), 'utf8')
  const example = (language: string): string =>
    new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 's').exec(text)?.[1] ?? ''

  it('shows credentials as the configuration file takes them', () => {
    const file = parseConfigFile(example('yaml'), 'git.md')
    const { gitCredential } = readConfig(UpConfig, { flags: {}, env: {}, file })
    const sources = ['env', 'file', 'command', 'ssh-agent', 'file']
    expect(gitCredential.map(({ from }) => from)).toEqual(sources)
  })

  it('shows a checkout as a job takes it', () => {
    const { checkout } = z
      .object({ checkout: z.unknown() })
      .parse(JSON.parse(`{${example('json')}}`))
    const payload = { repository: 'https://h/a', prompt: 'x', agent: { name: 'builtin' }, checkout }
    expect(CodePayload.parse(payload).checkout).toMatchObject({ depth: 1, submodules: 'all' })
  })

  it('names every reason for which git fails', () => {
    const reasons = ['repository-login', 'repository-forbidden', 'credential-missing']
    for (const reason of [...reasons, 'host-key-unknown', 'host-key-changed', 'signing-failed']) {
      expect(text).toContain(`\`${reason}\``)
    }
  })
})
