import { expect, it } from 'vitest'
import { cliInEmptyHome } from '../support/cli.ts'
import { freePort } from '../support/free-port.ts'

it('jobs and submit name the host that jobs wait for', async () => {
  const cli = await cliInEmptyHome()
  await cli.startUp()
  const host = `http://127.0.0.1:${await freePort()}`
  const why = `for the host ${host}, which does not answer; next try at 2`
  const submit = ['submit', '--agent', 'command', '--repo', `${host}/app.git`]
  const tried = cli.start([...submit, '--wait', 'first', '--', 'true'])
  await tried.printed(/queued again/)

  const { stdout, stderr } = await cli.run([...submit, 'second', '--', 'true'])
  const id = stdout.slice(0, 12)
  expect(stderr).toContain(`The job is waiting: ${why}`)
  expect(stderr).toMatch(new RegExp(`to try now, use: .* resume ${id}\n`))
  const { stdout: jobs } = await cli.run(['jobs'])
  const rows = jobs.split('\n').filter((row) => row.includes(why))
  expect(rows.map((row) => row.trim().split(' ').at(-1))).toEqual(['second', 'first'])
})
