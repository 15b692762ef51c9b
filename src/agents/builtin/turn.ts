import type { SessionUpdate, StopReason } from '@agentclientprotocol/sdk'
import {
  type FinishReason,
  isStepCount,
  type ModelMessage,
  pruneMessages,
  type TextStreamPart,
  ToolLoopAgent,
  type ToolSet,
} from 'ai'
import { instructionsFor } from './instructions.ts'
import { LOOP_OPTIONS, ModelFailed, modelOf } from './model.ts'
import type { BuiltinSettings } from './settings.ts'
import { toolsFor } from './tools/toolset.ts'
import { updateOf } from './update.ts'

/**
 * If a request had at least this many input tokens, the next request is shortened: old tool calls
 * and reasoning are removed.
 */
const CONTEXT_TOKENS = 120_000

/** One retry covers a brief failure. After a longer outage, Millwright retries the whole job. */
const RETRIES = 1

export type Turn = {
  readonly settings: BuiltinSettings
  readonly root: string
  /**
   * The conversation. When the turn begins, its last message is the user's prompt. The messages of
   * each finished step are appended.
   */
  readonly messages: ModelMessage[]
  readonly notify: (update: SessionUpdate) => Promise<void>
  /**
   * Saves `messages`. Called before the first step and after each step, so that a kill loses at
   * most the current step.
   */
  readonly save: () => Promise<void>
}

/**
 * Runs one turn: calls the model and the tools that the model requests, until the model finishes or
 * the turn's steps or tokens are used up. Throws `ModelFailed`. If `signal` aborts, the turn ends
 * immediately, and finished steps stay in `messages`.
 */
export async function runTurn(turn: Turn, signal: AbortSignal): Promise<StopReason> {
  const { settings, messages } = turn
  let spent = 0
  const agent = new ToolLoopAgent({
    model: modelOf(settings),
    instructions: instructionsFor(settings),
    tools: toolsFor(turn.root, settings.test),
    toolCallConcurrency: 1,
    stopWhen: [isStepCount(settings.steps), () => spent >= settings.tokens],
    providerOptions: LOOP_OPTIONS,
    maxRetries: RETRIES,
    prepareStep: ({ steps, messages: asked }) =>
      (steps.at(-1)?.usage.inputTokens ?? 0) < CONTEXT_TOKENS ? {} : { messages: shorter(asked) },
    onStepEnd: async ({ response, usage }) => {
      messages.push(...response.messages)
      spent += usage.totalTokens ?? 0
      await turn.save()
    },
    // By default the library prints the error, which `partsOf` already handles.
    onError: () => {},
  })
  await turn.save()
  const result = await agent.stream({ messages: [...messages], abortSignal: signal })
  for await (const part of partsOf(result.stream, signal)) {
    const update = updateOf(part, CONTEXT_TOKENS)
    if (update !== null) await turn.notify(update)
  }
  if (signal.aborted) return 'cancelled'
  const finish = await result.finishReason
  if (finish === 'interrupted') throw new ModelFailed('the model’s response was cut off')
  return spent >= settings.tokens ? 'max_tokens' : STOP_REASONS[finish]
}

/**
 * Yields the stream's parts. An error can arrive as a part or be thrown; in both cases, throws
 * `ModelFailed`. After an abort, the generator ends without an error.
 */
async function* partsOf(
  stream: AsyncIterable<TextStreamPart<ToolSet>>,
  signal: AbortSignal,
): AsyncGenerator<TextStreamPart<ToolSet>> {
  try {
    for await (const part of stream) {
      if (part.type === 'error') throw part.error
      yield part
    }
  } catch (error) {
    if (!signal.aborted) throw new ModelFailed(error)
  }
}

/**
 * Maps the model's last finish reason to the turn's stop reason. `tool-calls` means that the step
 * limit was reached: otherwise the loop would have continued, and the token limit is checked before
 * this map is used.
 */
const STOP_REASONS: Readonly<Record<Exclude<FinishReason, 'interrupted'>, StopReason>> = {
  stop: 'end_turn',
  other: 'end_turn',
  error: 'end_turn',
  length: 'max_tokens',
  'content-filter': 'refusal',
  'tool-calls': 'max_turn_requests',
}

const shorter = (messages: ModelMessage[]): ModelMessage[] =>
  pruneMessages({
    messages,
    reasoning: 'before-last-message',
    toolCalls: 'before-last-20-messages',
  })
