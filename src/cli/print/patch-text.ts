import type { DifferenceLine } from '../../words/patch-difference.ts'
import { type PatchPart, PatchReader } from '../../words/patch.ts'
import { visibleLine, visibleText } from '../../words/safe-text.ts'
import type { Printer, Style } from './printer.ts'

const STYLES: Partial<Record<PatchPart, Style>> = {
  file: 'bold',
  header: 'bold',
  hunk: 'cyan',
  added: 'green',
  removed: 'red',
}

/** A formatter for the lines of a patch. It leaves out the bytes of binary files. */
export function patchPainter(paint: Printer['paint']): (line: string) => string | null {
  const reader = new PatchReader()
  const visible = visibleWith(paint)
  return (line) => {
    const part = reader.push(line)
    if (part === 'binary') return line === 'GIT binary patch' ? '(binary file)' : null
    const style = STYLES[part]
    return style === undefined ? visible(line) : paint(style, visible(line))
  }
}

/** Formats one line of a comparison of two patches. */
export function differenceText({ mark, text }: DifferenceLine, paint: Printer['paint']): string {
  const visible = visibleWith(paint)
  if (mark === 'file') return paint('bold', `== ${visibleLine(text)}`)
  if (mark === ' ' || mark === '…') return paint('dim', `${mark} ${visible(text)}`.trimEnd())
  return paint(mark === '+' ? 'green' : 'red', `${mark} ${visible(text)}`)
}

/** Escapes hidden characters in a line of code, and prints the escapes in reverse video. */
const visibleWith =
  (paint: Printer['paint']) =>
  (line: string): string =>
    visibleText(line, (escapes) => paint('inverse', escapes))
