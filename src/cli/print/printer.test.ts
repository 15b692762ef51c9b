import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { printer } from './printer.ts'

it('a message shows the escape sequences of a file name instead of printing them', async () => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const isTTY = { stdout: true, stderr: true }
  const here = { argv: [], env: {}, cwd: '/', call: 'millwright', stdin: Readable.from([]) }
  printer({ ...here, stdout, stderr, isTTY }, false).note('wrote a\u001B]0;owned\u0007')
  expect(await text(stderr.end())).toBe('wrote a^[]0;owned^G\n')
})
