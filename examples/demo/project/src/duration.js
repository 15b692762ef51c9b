import { MILLISECONDS, UNITS } from './units.js'

const PART = /(\d+)\s*([dhms])/

/** Milliseconds in a duration such as `2d 4h` or `90s`. Throws when it is none. */
export function parse(text) {
  const part = PART.exec(text)
  if (part === null) throw new TypeError(`not a duration: ${text}`)
  return Number(part[1]) * MILLISECONDS[part[2]]
}

/** The shortest way to write a number of milliseconds, down to the second. */
export function format(milliseconds) {
  let rest = milliseconds
  const parts = []
  for (const unit of UNITS) {
    const count = Math.floor(rest / MILLISECONDS[unit])
    if (count > 0) parts.push(`${count}${unit}`)
    rest -= count * MILLISECONDS[unit]
  }
  return parts.join(' ') || '0s'
}
