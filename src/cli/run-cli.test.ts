import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { AppError } from '../domain/errors.ts'
import { explain } from './run-cli.ts'

/** What an error prints when it ends the command with these arguments. */
async function printed(error: AppError, argv: readonly string[]): Promise<string> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const isTTY = { stdout: false, stderr: false }
  const stdin = Readable.from([])
  explain(error, { argv, env: {}, cwd: '/', call: 'millwright', stdin, stdout, stderr, isTTY })
  return await text(stderr.end())
}

it.each(['show', 'resume', 'cancel', 'retry'])('an error of %s names its job', async (name) => {
  const error = new AppError('job-terminal', 'The job has ended')
  expect(await printed(error, [name, '12ab'])).toMatch(/: millwright retry 12ab\n$/)
})

it('an error of a command that names no job leaves the job to the reader', async () => {
  const error = new AppError('job-terminal', 'The job has ended')
  expect(await printed(error, ['cancel', '--group', 'x'])).toMatch(/: millwright retry <job>\n$/)
})
