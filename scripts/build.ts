// npm run build: builds dist/, a self-contained JavaScript package. Pack it with: npm pack ./dist
import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { writeBundle } from './bundle.ts'
import { ROOT } from './run.ts'
import { thirdPartyLicenses } from './third-party-licenses.ts'

const DIST = join(ROOT, 'dist')
const COPIED = ['bin', 'examples', 'LICENSE', 'README.md', 'CHANGELOG.md', 'SECURITY.md']

/**
 * The fields of the published manifest. It lists no dependencies, because the bundle contains them.
 */
const Manifest = z.object({
  name: z.string(),
  version: z.string(),
  description: z.string(),
  license: z.string(),
  type: z.string(),
  engines: z.record(z.string(), z.string()),
  bin: z.record(z.string(), z.string()),
})

await rm(DIST, { recursive: true, force: true })
const modules = await writeBundle(DIST)
await writeFile(join(DIST, 'THIRD-PARTY-LICENSES'), await thirdPartyLicenses(modules))
for (const name of COPIED) await cp(join(ROOT, name), join(DIST, name), { recursive: true })
const manifest = Manifest.parse(JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')))
await writeFile(join(DIST, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
console.log(`dist/ contains ${manifest.name} ${manifest.version}`)
