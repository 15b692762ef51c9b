import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { describeNeeding } from '../support/needs.ts'
import { type Command, commandsIn, firstDifference, type Ids, withIds } from './console.ts'
import { emptyMachine, type Machine, withJobs, withModel, withUp } from './machine.ts'

const ROOT = join(import.meta.dirname, '..', '..')

/** Set to write what the commands print into the pages, instead of comparing. */
const WRITES = process.env['MILLWRIGHT_DOCS'] === 'write'

/** What is set up before the first command of a page. */
const PAGES: Readonly<Record<string, (machine: Machine) => Promise<unknown>>> = {
  'docs/agents.md': withModel,
  'docs/job-file.md': withJobs,
  'docs/many-jobs.md': withJobs,
  'docs/operations.md': withUp,
  'docs/team.md': withUp,
}

describeNeeding(['patience', 'linux'], 'the outputs in the documents', () => {
  it.each(Object.entries(PAGES))(
    '%s shows what its commands print',
    async (path, setUp) => {
      const page = join(ROOT, path)
      const text = await readFile(page, 'utf8')
      const machine = await emptyMachine()
      await setUp(machine)
      const found = WRITES ? [] : await differences(commandsIn(text), machine)
      if (WRITES) await writeFile(page, await written(text, machine))
      expect(found).toEqual([])
    },
    120_000,
  )
})

/** Each command whose output differs: the first line that the page shows and the command did not print. */
async function differences(
  commands: readonly Command[],
  machine: Machine,
): Promise<readonly object[]> {
  if (commands.length === 0) throw new Error('the page shows no command')
  const ids: Ids = new Map()
  const found: object[] = []
  for (const { command, output } of commands) {
    const printed = (await machine.run(withIds(command, ids))).trimEnd().split('\n')
    const missing = firstDifference(output, printed, ids)
    if (missing !== null) found.push({ command, missing, printed })
  }
  return found
}

/** The page with the ids of this run, and with new output where the output differs. */
async function written(text: string, machine: Machine): Promise<string> {
  const ids: Ids = new Map()
  let page = text
  for (const { command, output } of commandsIn(text)) {
    const printed = (await machine.run(withIds(command, ids))).trimEnd().split('\n')
    if (firstDifference(output, printed, ids) === null) continue
    const shown = `$ ${[command, ...output].join('\n')}\n`
    const now = shortened(printed, output)
    page = page.replace(shown, () => `$ ${[command, ...now].join('\n')}\n`)
  }
  return withIds(page, ids)
}

/** Leaves out the middle of an output if the page did so: keeps as many lines before and after it. */
function shortened(printed: readonly string[], output: readonly string[]): readonly string[] {
  const middle = output.indexOf('…')
  if (middle < 0) return printed
  const tail = output.length - middle - 1
  return [...printed.slice(0, middle), '…', ...printed.slice(printed.length - tail)]
}
