import { mkdirSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { randomUUID } from 'node:crypto'
import type { Child, Command, Exit, Launch } from '../../src/domain/launch.ts'
import { locateProgram } from '../../src/platform/locate-program.ts'
import { silentLog } from '../../src/platform/log.ts'
import { bubblewrap } from '../../src/sandbox/bubblewrap.ts'
import { tempFolder } from './temp-folder.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
export const PATH = `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`

/** A folder for one test, by its real path; removed at its end. */
export const testFolder = async (): Promise<string> => await realpath(await tempFolder())

/** A bubblewrap sandbox that can read this Node and this project. */
export function testSandbox({
  marker = randomUUID(),
  hidden = [],
}: { marker?: string; hidden?: readonly string[] } = {}): Launch {
  const bwrap = locateProgram('bwrap', PATH)
  if (bwrap === null) throw new Error('bwrap is not on the PATH')
  const readable = [ROOT, dirname(process.execPath)]
  return bubblewrap({ bwrap, marker, hidden, readable, log: silentLog })
}

/** Runs a shell command in a sandbox where only the folder `tree` is writable. */
export async function inSandbox(
  script: string,
  { launch = testSandbox(), ...command }: Partial<Command> & { launch?: Launch } = {},
): Promise<{ stdout: string; stderr: string } & Exit> {
  const tree = join(command.cwd ?? (await testFolder()), 'tree')
  mkdirSync(tree, { recursive: true })
  const child = await launch({
    argv: ['sh', '-c', script],
    env: { PATH },
    writable: [tree],
    readable: [],
    ...command,
    cwd: tree,
  })
  return await ending(child)
}

/** The output of a program until its end. */
export async function ending(child: Child): Promise<{ stdout: string; stderr: string } & Exit> {
  child.stdin.end()
  const [stdout, stderr, exit] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    child.exit,
  ])
  return { stdout, stderr, ...exit }
}
