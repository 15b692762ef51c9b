// Has a program log to a disk that becomes full and has room again; prints the log as JSON.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const [file, filler] = [join(tmpdir(), 'log'), join(tmpdir(), 'filler')]
const program = join(import.meta.dirname, 'log-program.ts')
const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', openSync(file, 'a')] })

async function log(text: string): Promise<void> {
  child.stdin?.write(`${text}\n`)
  if (child.stdout !== null) await once(child.stdout, 'data')
}

await log('before')
await writeFile(filler, Buffer.alloc(2 * 1024 ** 2)).catch(() => {})
for (let line = 0; line < 5; line += 1) await log('x'.repeat(10_000))
await rm(filler)
await log('after')
child.stdin?.end()
const [code] = await once(child, 'close')
process.stdout.write(JSON.stringify({ code, log: await readFile(file, 'utf8') }))
