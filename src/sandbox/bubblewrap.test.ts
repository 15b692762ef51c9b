import { existsSync, linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { inSandbox, PATH, testFolder, testSandbox } from '../../test/support/confined.ts'
import { describeNeeding } from '../../test/support/needs.ts'
import { silentLog } from '../platform/log.ts'
import { findBubblewrap } from './find-bubblewrap.ts'

describe('findBubblewrap', () => {
  it('names the PATH it looked in', async () => {
    await expect(findBubblewrap({ path: '/nowhere', log: silentLog })).rejects.toMatchObject({
      code: 'sandbox-missing',
      message: 'bubblewrap (bwrap) is not on the PATH /nowhere',
      fix: { text: expect.stringMatching(/apt-get install bubblewrap.*--sandbox none/) },
    })
  })

  it('tells in its own words why bubblewrap is installed and yet refuses', async () => {
    const folder = await testFolder()
    const refusal = '#!/bin/sh\necho "bwrap: No permissions to create new namespace" >&2\nexit 1\n'
    writeFileSync(join(folder, 'bwrap'), refusal, { mode: 0o755 })
    await expect(
      findBubblewrap({ path: `${folder}:${PATH}`, log: silentLog }),
    ).rejects.toMatchObject({
      code: 'sandbox-missing',
      message: expect.stringContaining('No permissions to create new namespace'),
    })
  })
})

describeNeeding(['bubblewrap'], 'findBubblewrap on this machine', () => {
  it('finds one that works', async () => {
    expect(await findBubblewrap({ path: PATH, log: silentLog })).toMatch(/\/bwrap$/)
  })
})

describeNeeding(['bubblewrap'], 'a confined program', () => {
  it('ends with the code of the program', async () => {
    expect(await inSandbox('exit 7')).toMatchObject({ code: 7, killSignal: null, stderr: '' })
  })

  it('writes in its folder and nowhere else', async () => {
    const cwd = await testFolder()
    const outside = ['/etc/x', '/usr/x', '/x', '/var/x', '/sys/x', '/proc/sys/kernel/domainname']
    const { stdout } = await inSandbox(
      `echo in > inside; for f in ${outside.join(' ')}; do (echo out > $f) 2>&-; echo $?; done`,
      { cwd },
    )
    expect(readFileSync(join(cwd, 'tree', 'inside'), 'utf8')).toBe('in\n')
    expect(stdout.trim().split('\n')).not.toContain('0')
    expect(outside.slice(0, 5).filter((path) => existsSync(path))).toEqual([])
  })

  it('finds no file of the kernel that it may write to', async () => {
    const { stdout } = await inSandbox(
      'find /proc /sys -writable -type f -not -path "/proc/[0-9]*"',
    )
    // Writing there only subscribes to notifications of resource pressure.
    expect(stdout.split('\n').filter((path) => !path.startsWith('/proc/pressure'))).toEqual([''])
  })

  it('does not see the folder beside its own, and what it writes there is lost', async () => {
    const cwd = await testFolder()
    mkdirSync(join(cwd, 'sibling'))
    const { stdout } = await inSandbox('ls ..; mkdir -p ../sibling; echo x > ../sibling/x', { cwd })
    expect(stdout).toBe('tree\n')
    expect(existsSync(join(cwd, 'sibling', 'x'))).toBe(false)
  })

  it('sees nothing of homes, of temporary files, of sockets and of what it was told to hide', async () => {
    const cwd = await testFolder()
    writeFileSync(join(cwd, 'secret'), 'secret')
    mkdirSync('/var/tmp', { recursive: true })
    const { stdout } = await inSandbox(
      `cat ${cwd}/secret; ls -A /root /home /var/tmp /run /opt | grep -v :; cat /etc/shadow`,
      { cwd, launch: testSandbox({ hidden: ['/opt', join(cwd, 'secret')] }) },
    )
    expect(stdout.trim()).toBe('')
  })

  it('may write inside a hidden folder and read inside a hidden folder, where it is told so', async () => {
    const cwd = await testFolder()
    mkdirSync(join(cwd, 'cache'))
    writeFileSync(join(cwd, 'cache', 'object'), 'object')
    const { stdout, stderr } = await inSandbox('echo x > y; cat ../cache/object; > ../cache/z', {
      cwd,
      readable: [join(cwd, 'cache')],
      launch: testSandbox({ hidden: [cwd] }),
    })
    expect(stdout).toBe('object')
    expect(stderr).toContain('Read-only file system')
    expect(existsSync(join(cwd, 'tree', 'y'))).toBe(true)
  })

  it('has the environment it was given, and none of it stands in the process list', async () => {
    const env = { PATH, TOKEN: 'token-of-the-attempt' }
    const script = 'env; cat /proc/1/environ; tr "\\0" " " < /proc/1/cmdline'
    const { stdout } = await inSandbox(script, { env, launch: testSandbox({ marker: 'm' }) })
    const [variables = '', first = ''] = stdout.split('MILLWRIGHT_ATTEMPT=m\0')
    const names = variables.split('\n').map((line) => line.replace(/=.*/, ''))
    expect(names.toSorted()).toEqual(['', 'MILLWRIGHT_ATTEMPT', 'PATH', 'PWD', 'TOKEN'])
    expect(first).not.toContain('token-of-the-attempt')
  })

  it('is refused when its environment could smuggle in a mount', async () => {
    const env = { PATH, PROMPT: 'harmless\0--bind\0/root\0/root' }
    await expect(inSandbox('ls /root', { env })).rejects.toMatchObject({
      code: 'program-unstartable',
      message: expect.stringContaining('contain a NUL character'),
    })
  })

  it('sees no other process and holds no capability', async () => {
    const { stdout } = await inSandbox('echo /proc/[0-9]*; grep CapEff /proc/self/status')
    expect(stdout).toMatch(/^\/proc\/1 \/proc\/2\nCapEff:\t0{16}\n$/)
  })

  it('cannot take a mount away or make one writable', async () => {
    const { stdout } = await inSandbox(
      'umount /root 2>&-; echo $?; mount -o remount,bind,rw / 2>&-; echo $?; umount /etc/shadow 2>&-; echo $?',
    )
    expect(stdout.trim().split('\n')).not.toContain('0')
  })
})

describeNeeding(['bubblewrap'], 'tricks with links', () => {
  it('a symbolic link out of the folder leads to nothing and writes nothing', async () => {
    const cwd = await testFolder()
    writeFileSync(join(cwd, 'secret'), 'secret')
    const { stdout } = await inSandbox(
      `ln -s ${cwd}/secret s; cat s; echo changed > s; ln -s /etc e; echo x > e/millwright`,
      { cwd },
    )
    expect(stdout).toBe('')
    expect(readFileSync(join(cwd, 'secret'), 'utf8')).toBe('secret')
    expect(existsSync('/etc/millwright')).toBe(false)
  })

  it('a hard link across the edge of the folder cannot be made', async () => {
    const { stdout, code } = await inSandbox('ln /etc/hostname h 2>&-; echo $?; ln /bin/sh h 2>&-')
    expect(stdout).toBe('1\n')
    expect(code).not.toBe(0)
  })

  it('links that were there before the start lead no further', async () => {
    const cwd = await testFolder()
    mkdirSync(join(cwd, 'tree'))
    mkdirSync(join(cwd, 'other'))
    writeFileSync(join(cwd, 'other', 'file'), 'untouched')
    symlinkSync(join(cwd, 'other'), join(cwd, 'tree', 'folder'))
    const { stderr } = await inSandbox('echo changed > folder/file', { cwd })
    expect(stderr).toContain('folder/file')
    expect(readFileSync(join(cwd, 'other', 'file'), 'utf8')).toBe('untouched')
  })

  it('a folder given by a link is mounted where it really lies', async () => {
    const cwd = await testFolder()
    mkdirSync(join(cwd, 'real'))
    symlinkSync(join(cwd, 'real'), join(cwd, 'link'))
    const { code } = await inSandbox(`echo x > ${cwd}/real/x`, {
      cwd,
      writable: [join(cwd, 'link'), join(cwd, 'tree')],
    })
    expect(code).toBe(0)
    expect(existsSync(join(cwd, 'real', 'x'))).toBe(true)
  })
})

describeNeeding(['bubblewrap'], 'a program in a hidden place', () => {
  it('runs with its package and interpreter when the PATH finds it, and opens nothing else', async () => {
    const cwd = await testFolder()
    install(join(cwd, 'home'))
    const env = { PATH: `${join(cwd, 'home', 'bin')}:${PATH}` }
    expect(await inSandbox('', { cwd, env, argv: ['tool'] })).toMatchObject({
      stdout: 'found its parts',
      code: 0,
    })
    const { stdout } = await inSandbox(`cat ${cwd}/home/secret`, { cwd, env })
    expect(stdout).toBe('')
  })

  it('is refused when a job names it by its path', async () => {
    const cwd = await testFolder()
    install(join(cwd, 'home'))
    await expect(
      inSandbox('', { cwd, argv: [join(cwd, 'home', 'bin', 'interpreter')] }),
    ).rejects.toMatchObject({
      code: 'program-unstartable',
      message: expect.stringContaining('hides'),
    })
  })

  it('is not opened by a link that an agent put into its own folder', async () => {
    const cwd = await testFolder()
    install(join(cwd, 'home'))
    mkdirSync(join(cwd, 'tree', 'bin'), { recursive: true })
    symlinkSync(join(cwd, 'home', 'bin', 'interpreter'), join(cwd, 'tree', 'bin', 'tool'))
    linkSync(join(cwd, 'home', 'bin', 'interpreter'), join(cwd, 'tree', 'bin', 'other'))
    const env = { PATH: `${join(cwd, 'tree', 'bin')}:${PATH}` }
    const { code, stderr } = await inSandbox('', { cwd, env, argv: ['tool'] })
    expect(code).not.toBe(0)
    expect(stderr).toContain('No such file or directory')
  })

  it('that is missing is named together with the PATH', async () => {
    await expect(inSandbox('', { argv: ['no-such-program'] })).rejects.toMatchObject({
      code: 'program-unstartable',
      message: `cannot start no-such-program: not found; PATH is ${PATH}`,
    })
  })

  it.each(['/no/such/program', './no-such-program', '/etc/passwd', '/usr'])(
    'that is given by the path %s, where no program is, is named',
    async (path) => {
      await expect(inSandbox('', { argv: [path] })).rejects.toMatchObject({
        code: 'program-unstartable',
        message: `cannot start ${path}: not found, or not executable`,
      })
    },
  )
})

/** Installs a script like npm: a link to a package that needs a sibling package and an interpreter. */
function install(home: string): void {
  const packages = join(home, 'lib', 'node_modules')
  for (const folder of ['tool', 'tool-parts'])
    mkdirSync(join(packages, folder), { recursive: true })
  mkdirSync(join(home, 'bin'))
  writeFileSync(join(packages, 'tool-parts', 'part'), 'found its parts')
  const script = '#!/usr/bin/env interpreter\n'
  writeFileSync(join(packages, 'tool', 'tool.js'), script, { mode: 0o755 })
  symlinkSync(join(packages, 'tool', 'tool.js'), join(home, 'bin', 'tool'))
  const interpreter = '#!/bin/sh\ncat "$(dirname "$(realpath "$1")")/../tool-parts/part"\n'
  writeFileSync(join(home, 'bin', 'interpreter'), interpreter, { mode: 0o755 })
  writeFileSync(join(home, 'secret'), 'secret')
}
