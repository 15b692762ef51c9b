import { run } from './run.ts'

/** Installs the missing packages. Needs root and apt-get only if a package is missing. */
export async function installDebianPackages(names: readonly string[]): Promise<void> {
  const missing: string[] = []
  for (const name of names) {
    const { code, output } = await run([
      'dpkg-query',
      '-W',
      '-f',
      '${Status} ${Installed-Size}',
      name,
    ])
    if (code !== 0 || !output.startsWith('install ok installed')) missing.push(name)
    else console.log(`${name}: installed, ${output.split(' ').at(-1)} kB`)
  }
  if (missing.length === 0) return
  for (const argv of [
    ['apt-get', 'update', '-qq'],
    ['apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...missing],
  ]) {
    const { code, output } = await run(argv, { env: { DEBIAN_FRONTEND: 'noninteractive' } })
    if (code !== 0) throw new Error(`${argv.join(' ')} failed:\n${output}`)
  }
  await installDebianPackages(names)
}
