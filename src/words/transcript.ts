import { z } from 'zod'
import { plural } from '../domain/plural.ts'
import { lineDiff, withContext } from './line-diff.ts'
import { safeLine, safeText, visibleLine, visibleText } from './safe-text.ts'

const LINES_OF_RESULT = 6
const LINES_OF_PROMPT = 30
const LINES_OF_EDIT = 20
const LINES_AROUND_EDIT = 2
const LINE_LENGTH = 200

const Edit = z.object({ path: z.string(), old: z.string().nullable(), new: z.string() })

/**
 * The types of transcript lines that are shown. Lines of other types are ignored, because a newer
 * worker may write more types.
 */
const Update = z.discriminatedUnion('type', [
  z.object({ type: z.literal('prompt'), text: z.string() }),
  z.object({ type: z.literal('message'), text: z.string() }),
  z.object({ type: z.literal('thought'), text: z.string() }),
  z.object({
    type: z.literal('tool-call'),
    tool: z.string(),
    input: z.string(),
    edits: z.array(Edit).default([]),
  }),
  z.object({ type: z.literal('tool-result'), output: z.string(), failed: z.boolean() }),
  z.object({ type: z.literal('warning'), text: z.string() }),
  z.object({ type: z.literal('output'), stream: z.string(), text: z.string() }),
])

/** Applies a style to text if the output supports it. The text must already be safe. */
export type Paint = (
  style: 'bold' | 'dim' | 'inverse' | 'cyan' | 'red' | 'yellow' | 'green',
  words: string,
) => string

/** Formats a line of a transcript for people. Returns null if only programs need the line. */
export function transcriptText(line: string, paint: Paint): string | null {
  const json = parseJson(line)
  if (json === undefined) return safeLine(line)
  const update = Update.safeParse(json)
  if (!update.success) return null
  switch (update.data.type) {
    case 'prompt':
      return `${paint('bold', '▸ prompt')}\n${paint('dim', indented(update.data.text, LINES_OF_PROMPT))}`
    case 'message':
      return safeText(update.data.text).trimEnd()
    case 'thought':
      return paint('dim', indented(update.data.text))
    case 'tool-call':
      return toolCall(update.data, paint)
    case 'tool-result':
      return paint(update.data.failed ? 'red' : 'dim', indented(update.data.output))
    case 'warning':
      return paint('yellow', `warning: ${safeLine(update.data.text)}`)
    case 'output':
      return safeText(update.data.text).trimEnd()
  }
}

/** Longer lines are cut, so that no file exhausts the memory or the longest string that Node allows. */
const LINE_MAX = 16 * 1024 * 1024

/**
 * Splits a stream of text into lines. `push` returns the lines that are now complete; `end` returns
 * the incomplete last line, if any. A line of more than `max` characters is cut, and its end says
 * how many characters are left out.
 */
export function lineSplitter(max = LINE_MAX): {
  push(text: string): readonly string[]
  end(): readonly string[]
} {
  let begun = ''
  let leftOut = 0
  const add = (text: string): void => {
    const room = max - begun.length
    begun += text.slice(0, room)
    leftOut += Math.max(0, text.length - room)
  }
  const take = (): string => {
    const line = leftOut === 0 ? begun : `${begun}… ${plural(leftOut, 'more character')}`
    begun = ''
    leftOut = 0
    return line
  }
  return {
    push: (text) => {
      const [first = '', ...others] = text.split('\n')
      add(first)
      return others.map((next) => {
        const line = take()
        add(next)
        return line
      })
    },
    end: () => (begun === '' ? [] : [take()]),
  }
}

function toolCall(
  { tool, input, edits }: { tool: string; input: string; edits: readonly z.infer<typeof Edit>[] },
  paint: Paint,
): string {
  const name = paint('cyan', `▸ ${safeLine(tool)}`)
  if (edits.length === 0) return `${name} ${visible(input.replaceAll(/[\t\n]+/g, ' '), paint)}`
  return edits
    .flatMap((edit) => [`${name} ${visibleLine(cut(edit.path))}`, ...editLines(edit, paint)])
    .join('\n')
}

/** The changed lines of an edit, with some lines around them. */
function editLines(edit: z.infer<typeof Edit>, paint: Paint): readonly string[] {
  const all = withContext(lineDiff(linesOf(edit.old ?? ''), linesOf(edit.new)), LINES_AROUND_EDIT)
  const lines = all.slice(0, LINES_OF_EDIT).map((line) => {
    if (line === null) return paint('dim', '    …')
    return paint(MARK_STYLES[line.mark], `    ${line.mark}${visible(line.text, paint)}`)
  })
  const left = all.length - lines.length
  return left > 0 ? [...lines, `    … ${plural(left, 'more line')}`] : lines
}

const MARK_STYLES = { '+': 'green', '-': 'red', ' ': 'dim' } as const

const linesOf = (text: string): readonly string[] =>
  text === '' ? [] : text.replace(/\n$/, '').split('\n')

/**
 * Formats what the agent edits or runs. Cuts a long line at its end, and escapes invisible
 * characters instead of removing them.
 */
const visible = (line: string, paint: Paint): string =>
  visibleText(cut(line), (escapes) => paint('inverse', escapes))

function indented(text: string, linesMax = LINES_OF_RESULT): string {
  const lines = safeText(text).trimEnd().split('\n')
  const shown = lines.slice(0, linesMax).map((line) => `    ${cut(line)}`)
  const left = lines.length - shown.length
  return [...shown, ...(left > 0 ? [`    … ${plural(left, 'more line')}`] : [])].join('\n')
}

const cut = (line: string): string =>
  line.length > LINE_LENGTH ? `${line.slice(0, LINE_LENGTH)}…` : line

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
