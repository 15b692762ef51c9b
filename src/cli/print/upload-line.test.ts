import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { startUploadLine } from './upload-line.ts'

/** What is drawn for pieces of a megabyte that arrive at these moments, in milliseconds. */
function drawn(live: boolean, ...moments: readonly number[]): string {
  const stderr = new PassThrough({ encoding: 'utf8' })
  let now = 0
  const clock = { monotonic: () => now }
  const line = startUploadLine(5e6, { print: { live }, terminal: { stderr }, clock })
  for (const moment of moments) {
    now = moment
    line.sent(1e6)
  }
  line[Symbol.dispose]()
  return String(stderr.read() ?? '')
}

const ERASE = '\r\u001B[2K'

it('uploads that take longer than a moment are drawn over themselves and leave nothing behind', () => {
  expect(drawn(true, 100, 600, 700, 1200)).toBe(
    `${ERASE}  uploading 2.0 MB of 5.0 MB${ERASE}  uploading 4.0 MB of 5.0 MB${ERASE}`,
  )
})

it('short uploads, and those that nobody watches, draw nothing', () => {
  expect(drawn(true, 100, 200)).toBe('')
  expect(drawn(false, 600, 1200)).toBe('')
})
