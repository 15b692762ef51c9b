/**
 * Titles, logs and transcripts are untrusted. If they were printed unchanged, their escape sequences
 * could move the cursor, change the window's title or type on behalf of the user. Their bidirectional
 * overrides could change the order in which characters appear.
 */

/**
 * Matches a whole escape sequence, such as `ESC[31m`. Removing only ESC would leave `[31m` behind.
 */
const SEQUENCE =
  // oxlint-disable-next-line no-control-regex -- control characters are the subject
  /(?:\u001B\[|\u009B)[0-?]*[ -/]*[@-~]|(?:\u001B[\]P^_X]|[\u009D\u0090\u009E\u009F\u0098])[^\u0007\u001B\u009C]*(?:\u0007|\u001B\\|\u009C)?|\u001B[ -/]*[0-~]?/g
/**
 * Matches a control character other than tab and newline, or an invisible formatting character such
 * as a bidirectional override.
 */
const HIDDEN = /(?![\t\n])[\p{Cc}\p{Cf}\u2028\u2029]/gu

/** Matches text that may need cleaning. Most log lines are plain ASCII and skip the slower expressions. */
const UNUSUAL = /[^\t\n -~]/

/**
 * Makes text safe for a terminal: keeps newlines and tabs, removes escape sequences and hidden
 * characters.
 */
export const safeText = (text: string): string =>
  UNUSUAL.test(text)
    ? text.replaceAll(SEQUENCE, '').replaceAll(/\r\n?/g, '\n').replaceAll(HIDDEN, '')
    : text

/**
 * Matches the characters that `visibleText` escapes: hidden characters, and characters without a
 * glyph, such as variation selectors and Hangul fillers. Code made of such characters is invisible
 * to a reviewer.
 */
const INVISIBLE = /(?:(?![\t\n])[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2028\u2029])+/gu

/**
 * Makes code safe for a terminal and shows all of it, for a person who reviews it. Nothing is
 * removed: a control character becomes an escape such as `^[`, as in git and less, and every other
 * invisible character becomes an escape such as `<U+202E>`. Newlines and tabs are kept.
 * @param mark applies a style to the escapes, so that they differ from the same characters in the
 * code
 */
export const visibleText = (text: string, mark = (escapes: string): string => escapes): string =>
  UNUSUAL.test(text)
    ? text.replaceAll(INVISIBLE, (run) => mark(Array.from(run, escapeOf).join('')))
    : text

/** Like `visibleText`, but returns one line: newlines and tabs become `^J` and `^I`. For paths. */
export const visibleLine = (text: string): string =>
  visibleText(text).replaceAll(/[\t\n]/g, escapeOf)

function escapeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0
  // Caret notation flips bit 6: ESC (27) is written as `^[` (91), and DEL (127) as `^?` (63).
  return code < 0x80
    ? `^${String.fromCodePoint(code ^ 0x40)}`
    : `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`
}

/** Like `safeText`, but returns one line: newlines and tabs become spaces. */
export const safeLine = (text: string): string => safeText(text).replaceAll(/[\t\n]+/g, ' ')

/** Formats JSON that is safe on a terminal: hidden characters are escaped, so the value is unchanged. */
export const safeJson = (value: unknown): string => escapeHidden(JSON.stringify(value))

/** Like `safeJson`, for a string that is already JSON. */
export const escapeHidden = (json: string): string =>
  json.replaceAll(HIDDEN, (character) =>
    Array.from(
      { length: character.length },
      (_, index) => String.raw`\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
    ).join(''),
  )
