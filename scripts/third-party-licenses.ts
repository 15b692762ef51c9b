import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

const PACKAGE = /^.*[/\\]node_modules[/\\](?:@[^/\\]+[/\\])?[^/\\]+(?=[/\\])/
const LICENSE_FILE = /^(?:licen[cs]e|notice|copying)/i
const Manifest = z.object({ name: z.string(), version: z.string(), license: z.string() })

/**
 * Returns the licenses of the packages that these modules belong to. A distributed copy of the
 * packages must include them.
 * @param modules paths of the bundled files
 */
export async function thirdPartyLicenses(modules: readonly string[]): Promise<string> {
  const folders = new Set(modules.flatMap((path) => PACKAGE.exec(path)?.[0] ?? []))
  const texts = await Promise.all(Array.from(folders, licenseOf))
  return ['This package contains the following packages.', ...new Set(texts.toSorted())].join(
    `\n\n${'-'.repeat(80)}\n\n`,
  )
}

async function licenseOf(folder: string): Promise<string> {
  const text = await readFile(join(folder, 'package.json'), 'utf8')
  const { name, version, license } = Manifest.parse(JSON.parse(text))
  const files = (await readdir(folder)).filter((file) => LICENSE_FILE.test(file))
  const contents = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')))
  return [`${name} ${version} (${license})`, ...contents.map((content) => content.trim())].join(
    '\n\n',
  )
}
