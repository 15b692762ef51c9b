import { createHash } from 'node:crypto'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { tempFolder } from '../../test/support/temp-folder.ts'
import type { Attempt } from '../domain/attempt.ts'
import { AppError } from '../domain/errors.ts'
import { removeTree } from '../platform/remove-tree.ts'
import { fetchInputs, inputsOf } from './fetch-inputs.ts'

const nothing = async (): Promise<void> => {}
const live = new AbortController().signal

/** An attempt whose job has these inputs, which `fetchInput` downloads. */
async function anAttempt(
  inputs: Readonly<Record<string, string>>,
  fetchInput: Attempt['report']['fetchInput'],
): Promise<Pick<Attempt, 'earlier' | 'folder' | 'report'>> {
  const files = Object.entries(inputs).map(([name, text]) => ({
    name,
    digest: createHash('sha256').update(text).digest('hex'),
    size: text.length,
  }))
  return {
    folder: await tempFolder(),
    earlier: { checkpoints: [], intents: [], ended: null, continues: null, inputs: files },
    report: {
      tell: () => {},
      log: () => {},
      keep: () => {},
      checkpoint: async () => true,
      intend: nothing,
      fetchInput,
      fetchContinued: nothing,
      fetchKept: nothing,
    },
  }
}

it('inputs become a tree of files that can only be read, a few fetched at a time', async () => {
  let running = 0
  let most = 0
  const texts = Object.fromEntries(
    Array.from({ length: 20 }, (_, index) => [`part-${index % 3}/${index}.txt`, `text ${index}`]),
  )
  const attempt = await anAttempt(texts, async (name, file) => {
    running += 1
    most = Math.max(most, running)
    await writeFile(file, texts[name] ?? '')
    running -= 1
  })

  const folder = await fetchInputs(attempt, live)

  expect(folder).toBe(inputsOf(attempt))
  expect(await readFile(join(folder, 'part-1', '4.txt'), 'utf8')).toBe('text 4')
  expect((await stat(join(folder, 'part-1', '4.txt'))).mode & 0o777).toBe(0o444)
  expect((await stat(join(folder, 'part-1'))).mode & 0o777).toBe(0o555)
  expect(most).toBe(4)
  await removeTree(folder)
})

it('an input that arrives with other bytes fails the attempt by name', async () => {
  const attempt = await anAttempt({ 'a.bin': 'right' }, (_, file) => writeFile(file, 'wrong'))
  await expect(fetchInputs(attempt, live)).rejects.toMatchObject({
    reason: 'input-failed',
    detail: expect.stringMatching(
      /^a\.bin was received with SHA-256 [0-9a-f]{64}, but [0-9a-f]{64} was expected$/,
    ),
  })
})

it('an input that the hub lost ends the fetching of all', async () => {
  const asked: string[] = []
  const texts = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`${index}`, '']))
  const attempt = await anAttempt(texts, async (name) => {
    asked.push(name)
    throw new AppError('artifact-not-found', 'there is no artifact 00')
  })
  await expect(fetchInputs(attempt, live)).rejects.toMatchObject({
    reason: 'input-failed',
    detail: '0: there is no artifact 00',
  })
  expect(asked).toHaveLength(4)
})

it('a job without inputs gets an empty folder', async () => {
  const attempt = await anAttempt({}, nothing)
  expect(inputsOf(attempt)).toBeNull()
  expect((await stat(await fetchInputs(attempt, live))).isDirectory()).toBe(true)
})
