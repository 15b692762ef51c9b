import { z } from 'zod'
import { AGENTS } from '../../agents/all.ts'
import { kindSchema } from '../../domain/kind.ts'
import { demandsOf } from './demands.ts'
import { codeFacts } from './facts.ts'
import { CodePayload } from './payload.ts'

/**
 * The first line of the prompt, truncated for lists. Each NUL character becomes a space, because
 * SQL searches would not see the text after it.
 */
const firstLine = (text: string): string =>
  (text.trim().split('\n', 1)[0] ?? '').replaceAll('\0', ' ').slice(0, 120)

const Asked = z.record(z.string(), z.unknown())

/** The name of this kind. */
export const CODE = 'code'

/** The code kind, as the hub and the displays need it. */
export const codeSchema = kindSchema(CodePayload, {
  name: CODE,
  title: ({ prompt }) => firstLine(prompt),
  locks: ({ repository, publish }) =>
    publish.mode === 'branch' && publish.branch !== undefined
      ? [`branch:${repository}#${publish.branch}`]
      : [],
  followUp: (payload, prompt) => ({ ...Asked.parse(payload), prompt }),
  demands: demandsOf,
  protocol: ({ iterations, expectChange }) => ((iterations ?? expectChange) === undefined ? 1 : 2),
  facts: codeFacts,
  story: ({ agent }) => AGENTS.find(({ name }) => name === agent.name)?.story ?? 'transcript',
})
