import { describe, expect, it } from 'vitest'
import { commitMessage } from './commit-message.ts'

const text = {
  title: 'Fix the bug',
  prompt: 'Fix the bug\n\nIt is in a.ts.',
  jobId: 'j',
  attempt: 2,
  trailers: true,
}

describe('a commit message', () => {
  it('has the title, the rest of the prompt and trailers', () => {
    expect(commitMessage(text)).toBe('Fix the bug\n\nIt is in a.ts.\n\nJob-Id: j\nAttempt: 2\n')
  })

  it('omits the trailers when they are off', () => {
    expect(commitMessage({ ...text, trailers: false })).toBe('Fix the bug\n\nIt is in a.ts.\n')
  })

  it('has the whole prompt below a different title', () => {
    expect(commitMessage({ ...text, title: 'Fix a.ts' })).toBe(
      'Fix a.ts\n\nFix the bug\n\nIt is in a.ts.\n\nJob-Id: j\nAttempt: 2\n',
    )
  })

  it('does not repeat a title whose line in the prompt has other spaces', () => {
    expect(commitMessage({ ...text, prompt: 'Fix  the bug  \nIt is in a.ts.' })).toBe(
      'Fix the bug\n\nIt is in a.ts.\n\nJob-Id: j\nAttempt: 2\n',
    )
  })

  it('does not repeat a prompt that equals the title', () => {
    expect(commitMessage({ ...text, prompt: 'Fix the bug' })).toBe(
      'Fix the bug\n\nJob-Id: j\nAttempt: 2\n',
    )
  })

  it('splits no surrogate pair', () => {
    const title = `${'x'.repeat(70)}🚀🚀🚀`
    expect(commitMessage({ ...text, title })).toMatch(/^x{70}🚀…\n/u)
  })

  it('truncates long text and removes invisible characters', () => {
    const [title = '', , body = ''] = commitMessage({
      ...text,
      title: `a\u202Eb${'x'.repeat(200)}`,
      prompt: 'y'.repeat(5000),
    }).split('\n')
    expect(title).toHaveLength(72)
    expect(title.startsWith('abx')).toBe(true)
    expect(body).toHaveLength(2000)
  })
})
