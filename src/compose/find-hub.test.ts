import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { tempFolder } from '../../test/support/temp-folder.ts'
import { writeHubFile } from './data-folder.ts'
import { findHub } from './find-hub.ts'

/** Nothing listens on the ports 1 and 2. */
const OLD = 'http://127.0.0.1:1'
const NEW = 'http://127.0.0.1:2'

it.each([
  ['admin', NEW],
  ['worker', OLD],
] as const)('the %s’s client of a hub that has moved uses %s', async (whose, expected) => {
  const data = await tempFolder()
  await writeFile(join(data, `${whose}.token`), 'token')
  await writeHubFile(data, { url: OLD, pid: 1, version: '1.0.0' })
  const client = await findHub({ data, allowHttp: false }, { env: {}, cwd: data }, whose)
  await writeHubFile(data, { url: NEW, pid: 1, version: '1.0.0' })
  await expect(client.call('live', {})).rejects.toMatchObject({ code: 'hub-unreachable' })
  expect(client.url).toBe(expected)
})
