import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { PROGRAM } from '../support/cli.ts'
import { describeNeeding } from '../support/needs.ts'
import { runOnSmallDisk } from '../support/small-disk.ts'
import { tempFolder } from '../support/temp-folder.ts'

const run = promisify(execFile)

/** A data folder on a disk of its own, smaller than what a hub keeps free. */
const SCRIPT = `
  mkdir "$HOME/data" && mount -t tmpfs -o size=16m none "$HOME/data"
  "$NODE" "$PROGRAM" hub --port 0 --data "$HOME/data" > /dev/null 2>&1 &
  hub=$!
  until test -e "$HOME/data/hub.json"; do kill -0 $hub || exit 1; done
  "$NODE" "$PROGRAM" submit --data "$HOME/data" --repo /x --agent codex Fix; echo "submit $?"
  "$NODE" "$PROGRAM" jobs --data "$HOME/data"; echo "jobs $?"
  kill $hub; wait $hub; echo "hub $?"
`

describeNeeding(['linux', 'root'], 'a full disk', () => {
  it('refuses new jobs by name while everything else goes on', async () => {
    const HOME = await tempFolder()
    const script = join(HOME, 'script.sh')
    await writeFile(script, SCRIPT)
    const { stdout, stderr } = await run('unshare', ['--mount', 'sh', script], {
      env: { PATH: process.env['PATH'], HOME, NODE: process.execPath, PROGRAM },
    })
    expect(stdout).toContain('submit 9\n')
    expect(stderr).toMatch(/The disk that holds the hub’s data folder has only \d+ bytes free/)
    expect(stderr).toContain('Free space')
    expect(stdout).toContain('jobs 0\nhub 0\n')
  })

  it('ends nothing when only the log’s disk is full, and the log says how many lines are lost', async () => {
    const program = join(import.meta.dirname, 'full-log-disk.ts')
    const { code, log } = Ended.parse(await runOnSmallDisk(program, { mebibytes: 1, files: 20 }))
    expect(code).toBe(0)
    const lines = log.split('\n').filter((line) => line.endsWith('}'))
    const entries = lines.map((line) => Entry.parse(JSON.parse(line)))
    expect(entries.map(({ msg }) => msg)).toEqual([
      'before',
      'log lines were lost, because they could not be written',
      'after',
    ])
    // One of the five lines may have been written in part.
    expect(entries[1]?.lines).toBeGreaterThanOrEqual(4)
  })
})

const Ended = z.object({ code: z.number(), log: z.string() })
const Entry = z.object({ msg: z.string(), lines: z.number().exactOptional() })
