/**
 * Titles, logs and transcripts are written by strangers. Shown as they are, they could move the
 * cursor, change the window's title, answer for the user, or read otherwise than they look.
 */

/** A whole terminal sequence (CSI, OSC and the like, or a two-character escape), so that no half of it is left as litter. */
const SEQUENCE =
  // oxlint-disable-next-line no-control-regex -- control characters are the subject
  /(?:\u001B\[|\u009B)[0-?]*[ -/]*[@-~]|(?:\u001B[\]P^_X]|[\u009D\u0090\u009E\u009F\u0098])[^\u0007\u001B\u009C]*(?:\u0007|\u001B\\|\u009C)?|\u001B[ -/]*[0-~]?/g
/** What is left of C0 (but not tab and newline), DEL, C1, and invisible formatting such as bidi overrides. */
const HIDDEN = /(?![\t\n])[\p{Cc}\p{Cf}\u2028\u2029]/gu

/** Whether there is anything to look at closely; most lines of a log are plain. */
const UNUSUAL = /[^\t\n -~]/

/** Text for a terminal: any number of lines, nothing but what can be seen. */
export const safeText = (text: string): string =>
  UNUSUAL.test(text)
    ? text.replaceAll(SEQUENCE, '').replaceAll(/\r\n?/g, '\n').replaceAll(HIDDEN, '')
    : text

/** Text for a place in a line: newlines and tabs become spaces. */
export const safeLine = (text: string): string => safeText(text).replaceAll(/[\t\n]+/g, ' ')

/** JSON that means the same and is harmless on a terminal: what would be hidden is escaped. */
export const safeJson = (value: unknown): string => escapeHidden(JSON.stringify(value))

/** The same for a text that is JSON already. */
export const escapeHidden = (json: string): string =>
  json.replaceAll(HIDDEN, (character) =>
    Array.from(
      { length: character.length },
      (_, index) => String.raw`\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
    ).join(''),
  )
