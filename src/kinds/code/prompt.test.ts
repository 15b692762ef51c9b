import { expect, it } from 'vitest'
import { CodePayload } from './payload.ts'
import { promptFor } from './prompt.ts'

const payload = CodePayload.parse({
  repository: '/srv/a.git',
  prompt: '  Mend the parser.\n\n',
  agent: { name: 'codex' },
  test: ['npm', 'test', '--', "it's slow"],
  checks: [{ name: 'types', run: ['tsc', '--noEmit'] }],
})

it('a prompt begins with the task in the words of its producer', () => {
  expect(promptFor(payload, null).startsWith('Mend the parser.\n\n---\n')).toBe(true)
})

it('a prompt says how to test, what will be checked and who commits', () => {
  const prompt = promptFor(payload, null)
  expect(prompt).toContain(`Run the tests with: npm test -- 'it'\\''s slow'\n`)
  expect(prompt).toContain('Your work must pass the check "types": tsc --noEmit\n')
  expect(prompt).toContain('The platform commits and publishes')
})

it('a prompt says what of the repository is not there', () => {
  const checkout = { sparse: ['web', 'my docs'], depth: 1, submodules: 'all' }
  const prompt = promptFor(CodePayload.parse({ ...payload, checkout }), null)
  expect(prompt).toContain("only these are checked out: web, 'my docs'. The others exist")
  expect(prompt).toContain('Its history is cut short.')
  expect(prompt).toContain('What you change in them is not published.')
})

it('a prompt says where the files lie that came with the task, and nothing when there are none', () => {
  expect(promptFor(payload, '/jobs/1/inputs')).toContain('are in /jobs/1/inputs, read-only.\n')
  expect(promptFor(payload, null)).not.toContain('came with the task')
})
