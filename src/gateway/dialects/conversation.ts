import { z } from 'zod'

/** The parts of a model request that are needed to answer it from a script. */
export type Conversation = {
  readonly model: string
  readonly stream: boolean
  readonly hasTools: boolean
  readonly messages: readonly ChatMessage[]
}

export type ChatMessage =
  | { readonly kind: 'user'; readonly text: string }
  | { readonly kind: 'assistant' }
  /** The result of one tool call. */
  | { readonly kind: 'tool' }

const TextPart = z.looseObject({ text: z.string() })

/**
 * The text of a message's content, which is either a string or a list of parts. Non-text parts are
 * ignored.
 */
export function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content
    .flatMap((part) => {
      const parsed = TextPart.safeParse(part)
      return parsed.success ? [parsed.data.text] : []
    })
    .join('\n')
}

/**
 * Splits a text into chunks of `size` characters for streaming. An empty text gives one empty
 * chunk.
 */
export function pieces(text: string, size = 24): readonly string[] {
  const count = Math.max(1, Math.ceil(text.length / size))
  return Array.from({ length: count }, (_, at) => text.slice(at * size, (at + 1) * size))
}
