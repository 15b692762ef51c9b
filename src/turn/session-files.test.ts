import { execFileSync } from 'node:child_process'
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { testFolder } from '../../test/support/confined.ts'
import { runUnprivileged } from '../../test/support/unprivileged.ts'
import { packSession, unpackSession } from './session-files.ts'

const LONG = `.codex/sessions/${'folder/'.repeat(12)}${'x'.repeat(80)}.jsonl`

/** Two homes, and a path for the archive that is carried between them. */
async function homes() {
  const folder = await testFolder()
  const [home, next] = [join(folder, 'home'), join(folder, 'next')]
  for (const each of [join(home, '.codex', 'sessions', '2026'), next]) {
    mkdirSync(each, { recursive: true })
  }
  return { folder, home, next, archive: join(folder, 'session.tar') }
}

describe('a session', () => {
  it('arrives in another home unchanged, without anything else of the home', async () => {
    const { home, next, archive } = await homes()
    const file = '.codex/sessions/2026/thread.jsonl'
    writeFileSync(join(home, file), 'line\n'.repeat(1000))
    writeFileSync(join(home, '.codex/sessions/empty'), '')
    writeFileSync(join(home, '.codex/auth.json'), 'secret')
    mkdirSync(join(home, LONG, '..'), { recursive: true })
    writeFileSync(join(home, LONG), 'long')
    expect(await packSession(home, ['.codex/sessions'], archive)).toBe(true)
    await unpackSession(archive, next)
    expect(readFileSync(join(next, file), 'utf8')).toBe('line\n'.repeat(1000))
    expect(readFileSync(join(next, LONG), 'utf8')).toBe('long')
    expect(statSync(join(next, file)).mode & 0o777).toBe(0o600)
    expect(readdirSync(join(next, '.codex'))).toEqual(['sessions'])
  })

  it('is an archive that tar can read', async () => {
    const { home, archive } = await homes()
    writeFileSync(join(home, '.codex/sessions/2026/a.jsonl'), 'a')
    await packSession(home, ['.codex/sessions'], archive)
    expect(execFileSync('tar', ['-tf', archive], { encoding: 'utf8' })).toBe(
      '.codex/sessions/2026/a.jsonl\n',
    )
  })

  it('that cannot be read in part is not kept', async () => {
    const { folder, home, archive } = await homes()
    writeFileSync(join(home, '.codex/sessions/2026/a.jsonl'), 'a')
    const module = JSON.stringify(join(import.meta.dirname, 'session-files.ts'))
    for (const shut of ['.codex/sessions/2026/a.jsonl', '.codex/sessions/2026', '.codex']) {
      const script = `import { chmodSync } from 'node:fs'
        import { packSession } from ${module}
        chmodSync(${JSON.stringify(join(home, shut))}, 0)
        console.log(await packSession(${JSON.stringify(home)}, ['.codex/sessions'], ${JSON.stringify(archive)}))`
      expect(await runUnprivileged(folder, '--input-type=module', '-e', script)).toBe('false\n')
    }
  })

  it('that is missing or too large is not kept', async () => {
    const { home, archive } = await homes()
    expect(await packSession(home, ['.codex/sessions', '.missing'], archive)).toBe(false)
    writeFileSync(join(home, '.codex/sessions/large'), '')
    truncateSync(join(home, '.codex/sessions/large'), 64 * 1024 * 1024 + 1)
    expect(await packSession(home, ['.codex/sessions'], archive)).toBe(false)
    expect(existsSync(archive)).toBe(false)
  })

  it('contains nothing that its links point to', async () => {
    const { folder, home, archive } = await homes()
    mkdirSync(join(folder, 'outside'))
    writeFileSync(join(folder, 'outside', 'secret'), 'secret')
    symlinkSync(join(folder, 'outside'), join(home, '.codex/sessions/link'))
    symlinkSync(join(folder, 'outside/secret'), join(home, '.codex/sessions/file'))
    symlinkSync(folder, join(home, '.elsewhere'))
    execFileSync('mkfifo', [join(home, '.codex/sessions/fifo')])
    expect(await packSession(home, ['.codex/sessions', '.elsewhere/outside'], archive)).toBe(false)
  })
})

describe('an archive that was not made from a session', () => {
  const cases: Readonly<Record<string, (folder: string) => readonly string[]>> = {
    'that leads out of the home': (folder) => {
      mkdirSync(join(folder, 'a'))
      writeFileSync(join(folder, 'escaped'), 'x')
      return ['-C', join(folder, 'a'), '../escaped']
    },
    'with an absolute name': (folder) => {
      writeFileSync(join(folder, 'escaped'), 'x')
      return [join(folder, 'escaped')]
    },
    'with a symbolic link': (folder) => {
      symlinkSync('/etc', join(folder, 'link'))
      return ['-C', folder, 'link']
    },
    'with a hard link': (folder) => {
      writeFileSync(join(folder, 'one'), 'x')
      linkSync(join(folder, 'one'), join(folder, 'two'))
      return ['-C', folder, 'one', 'two']
    },
    'with a pipe': (folder) => {
      execFileSync('mkfifo', [join(folder, 'fifo')])
      return ['-C', folder, 'fifo']
    },
    'that names a file twice': (folder) => {
      writeFileSync(join(folder, 'one'), 'x')
      return ['--hard-dereference', '-C', folder, 'one', 'one']
    },
  }
  it.each(Object.entries(cases))('%s is refused', async (_title, contents) => {
    const { folder, next, archive } = await homes()
    execFileSync('tar', ['--format=ustar', '-P', '-cf', archive, ...contents(folder)])
    await expect(unpackSession(archive, next)).rejects.toMatchObject({ reason: 'workspace-failed' })
  })

  it('is refused when it is truncated or is not an archive', async () => {
    const { home, next, archive } = await homes()
    writeFileSync(join(home, '.codex/sessions/a'), 'a'.repeat(2000))
    await packSession(home, ['.codex/sessions'], archive)
    truncateSync(archive, 1024)
    await expect(unpackSession(archive, next)).rejects.toThrow('is truncated')
    writeFileSync(archive, 'no tar'.repeat(1000))
    await expect(unpackSession(archive, next)).rejects.toThrow(
      'is not a regular file or has an invalid header',
    )
    expect(readdirSync(next)).toEqual([])
  })
})
