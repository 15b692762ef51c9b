import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { AppError } from '../domain/errors.ts'
import type { Conversation } from './dialects/conversation.ts'

const tokens = z.int().min(0).max(1_000_000_000)

const ToolCall = z.strictObject({
  name: z.string().min(1).max(200),
  args: z.union([z.record(z.string(), z.json()), z.string()]).default({}),
  custom: z
    .boolean()
    .default(false)
    .describe('Whether the tool is freeform: its `args` are plain text'),
  namespace: z.string().max(200).optional().describe('Namespace of the tool, such as mcp__server'),
})
export type ToolCall = z.infer<typeof ToolCall>

/** One response of the model, or one failure to simulate, such as an error status. */
const Step = z.strictObject({
  thinking: z.string().optional(),
  text: z.string().optional(),
  calls: z.array(ToolCall).max(64).default([]),
  usage: z
    .strictObject({
      input: tokens.default(0),
      cached: tokens.default(0).describe('How many of the `input` tokens came from the cache'),
      output: tokens.default(0),
      costUsd: z.number().min(0).optional(),
    })
    .prefault({}),
  status: z.int().min(400).max(599).optional().describe('Respond with this error status instead'),
  errorBody: z.json().optional(),
  hangMs: z
    .int()
    .min(0)
    .max(86_400_000)
    .default(0)
    .describe('Milliseconds to wait before the end of the response'),
  cut: z
    .enum(['before', 'middle', 'unfinished'])
    .optional()
    .describe(
      'How the response is cut off: before it begins, in the middle, or just before its end',
    ),
})
export type ScriptStep = z.infer<typeof Step>

/**
 * Model responses written by hand. Replay is stateless: the request alone determines which step
 * answers it.
 */
export const Script = z.strictObject({
  model: z.string().max(200).optional().describe('The model name to report in responses'),
  scripts: z
    .array(
      z.strictObject({
        when: z
          .string()
          .default('')
          .describe(
            'Use these steps if the prompt contains this text; an empty string matches every prompt',
          ),
        steps: z.array(Step).min(1).max(10_000),
      }),
    )
    .min(1),
})
export type Script = z.infer<typeof Script>

const LAST_WORDS: ScriptStep = Step.parse({ text: 'The script ends here.' })
const WITHOUT_TOOLS: ScriptStep = Step.parse({ text: 'A scripted answer.' })

/** Reads a script. Throws `script-invalid`, which names the invalid field, or `file-unreadable`. */
export async function loadScript(path: string): Promise<Script> {
  const parsed = Script.safeParse(parseJson(path, await readScript(path)))
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const place = issue === undefined ? '' : z.core.toDotPath(issue.path)
  throw new AppError(
    'script-invalid',
    `The model script ${path} is invalid at ${place || 'the top level'}: ${issue?.message ?? 'unknown'}`,
  )
}

/**
 * Returns the step that answers this conversation. The latest prompt that contains a `when` text
 * selects the list of steps. The number of tool rounds after that prompt selects the step in the
 * list. Returns null if no prompt contains a `when` text.
 */
export function stepFor(script: Script, conversation: Conversation): ScriptStep | null {
  const { messages } = conversation
  for (let at = messages.length - 1; at >= 0; at -= 1) {
    const message = messages[at]
    if (message?.kind !== 'user') continue
    const chosen = script.scripts.find(({ when }) => message.text.includes(when))
    if (chosen === undefined) continue
    // Agents also send requests without tools, for example to get a title. A fixed text answers
    // them, because the steps answer only the agent's actual work.
    if (!conversation.hasTools) return WITHOUT_TOOLS
    return chosen.steps[toolRounds(messages.slice(at + 1))] ?? LAST_WORDS
  }
  return null
}

/**
 * Counts the rounds of tool calls. Consecutive tool results answer the calls of one step, so they
 * count as one round.
 */
function toolRounds(messages: Conversation['messages']): number {
  return messages.filter(
    (message, at) => message.kind === 'tool' && messages[at - 1]?.kind !== 'tool',
  ).length
}

async function readScript(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new AppError(
      'file-unreadable',
      `The model script ${path} cannot be read: ${messageOf(error)}`,
      {
        cause: error,
      },
    )
  }
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new AppError(
      'script-invalid',
      `The model script ${path} is not JSON: ${messageOf(error)}`,
      {
        cause: error,
      },
    )
  }
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)
