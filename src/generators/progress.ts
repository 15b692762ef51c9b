import { type Progress, PROGRESS_MAX } from '../domain/event.ts'
import { clip } from '../domain/text.ts'

/** Longest progress line, in characters. Longer lines are ignored. */
const LINE_MAX = 1000

/**
 * Finds lines such as `progress: 0.42 baking textures` or `progress: 3/10` in output that arrives
 * in chunks. If a chunk has several such lines, reports only the last, because the others are
 * outdated.
 */
export function progressReader(onProgress: (progress: Progress) => void): (text: string) => void {
  let begun = ''
  return (text) => {
    const lines = (begun + text).split('\n')
    // Keeps one character more than LINE_MAX, so that a line cut here still counts as too long.
    begun = (lines.pop() ?? '').slice(0, LINE_MAX + 1)
    const newest = lines.findLast((line) => line.length <= LINE_MAX && PREFIX.test(line))
    if (newest !== undefined) onProgress(parseProgress(newest.replace(PREFIX, '')))
  }
}

const PREFIX = /^progress:[ \t]*(?=\S)/
const PART = /^(\d+)\/(\d+)(?=\s|$)/
const FRACTION = /^\d+(?:\.\d+)?(?=\s|$)/

/**
 * Parses the text after `progress:`. A number above 1 is not a fraction but part of the text, as in
 * `progress: 5 files done`.
 */
function parseProgress(said: string): Progress {
  const [, done, all] = PART.exec(said) ?? []
  if (done !== undefined && all !== undefined && Number(all) > 0 && Number(done) <= Number(all)) {
    return { fraction: Number(done) / Number(all), text: clip(said.trim(), PROGRESS_MAX) }
  }
  const [number] = FRACTION.exec(said) ?? []
  if (number === undefined || Number(number) > 1) {
    return { fraction: null, text: clip(said.trim(), PROGRESS_MAX) }
  }
  return { fraction: Number(number), text: clip(said.slice(number.length).trim(), PROGRESS_MAX) }
}
