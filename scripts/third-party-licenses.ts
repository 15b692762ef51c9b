import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

const PACKAGE = /^.*[/\\]node_modules[/\\](?:@[^/\\]+[/\\])?[^/\\]+(?=[/\\])/
const LICENSE_FILE = /^(?:licen[cs]e|notice|copying)/i
/** The section of a README from its heading to the next one. */
const LICENSE_SECTION = /^#+ licen[cs]e\b.*\n([^#]*)/im
/** A shorter license file only refers to a file of another package. */
const REFERENCE_LENGTH_MAX = 300
const Manifest = z.object({
  name: z.string(),
  version: z.string(),
  license: z.string(),
  author: z.union([z.string(), z.object({ name: z.string() })]).optional(),
})
type Package = z.infer<typeof Manifest> & { readonly text: string | null }

/**
 * Returns the licenses of the packages that these modules belong to. A distributed copy of the
 * packages must include them. Throws if the text of a license is not known.
 * @param modules paths of the bundled files
 */
export async function thirdPartyLicenses(modules: readonly string[]): Promise<string> {
  const folders = new Set(modules.flatMap((path) => PACKAGE.exec(path)?.[0] ?? []))
  const packages = await Promise.all(Array.from(folders, readPackage))
  const texts = packages.map(
    (item) => `${item.name} ${item.version} (${item.license})\n\n${textOf(item, packages)}`,
  )
  return ['This package contains the following packages.', ...new Set(texts.toSorted())].join(
    `\n\n${'-'.repeat(80)}\n\n`,
  )
}

async function readPackage(folder: string): Promise<Package> {
  const manifest = Manifest.parse(JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')))
  const names = await readdir(folder)
  const read = async (name: string): Promise<string> =>
    (await readFile(join(folder, name), 'utf8')).trim()
  const files = await Promise.all(names.filter((name) => LICENSE_FILE.test(name)).map(read))
  const text = files.join('\n\n')
  if (text.length > REFERENCE_LENGTH_MAX) return { ...manifest, text }
  const readme = names.find((name) => /^readme/i.test(name))
  const section = LICENSE_SECTION.exec(readme === undefined ? '' : await read(readme))?.[1]?.trim()
  const isWhole = section?.includes('Permission is hereby granted') === true
  return { ...manifest, text: isWhole ? section : null }
}

/** Without a text of its own: for MIT the standard text, for another license a neighbor's text. */
function textOf({ name, license, author, text }: Package, packages: readonly Package[]): string {
  if (text !== null) return text
  if (license === 'MIT' && author !== undefined) {
    return mit(typeof author === 'string' ? author : author.name)
  }
  const same =
    license === 'MIT'
      ? undefined
      : packages.find((other) => other.license === license && other.text !== null)
  if (same?.text == null)
    throw new Error(`the text of the license ${license} of ${name} is not known`)
  return same.text
}

/** The text of https://spdx.org/licenses/MIT.html. */
const mit = (holder: string): string => `Copyright (c) ${holder}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`
