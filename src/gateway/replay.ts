import type { Clock } from '../platform/clock.ts'
import { AppError } from '../domain/errors.ts'
import type { Wording } from './dialects/dialect.ts'
import { type Answer, CutOff, jsonAnswer, once, type Question, type Source } from './exchange.ts'
import type { Replayed } from './meter.ts'
import { type Recorded, loadRecording } from './recording.ts'
import { loadScript, type Script, type ScriptStep, stepFor } from './script.ts'

/**
 * Loads a recording (.jsonl) or a script (any other extension). Returns a source whose responses
 * come from that file. Throws `script-invalid` or `file-unreadable`.
 */
export async function replaySource(path: string, clock: Clock): Promise<Source> {
  if (path.endsWith('.jsonl')) {
    const recording = await loadRecording(path)
    return async (question) => metadataAnswer(question, 'recorded') ?? recorded(recording, question)
  }
  const script = await loadScript(path)
  const model = script.model ?? 'scripted'
  return async (question, signal) =>
    metadataAnswer(question, model) ?? scripted(script, question, (ms) => clock.sleep(ms, signal))
}

/**
 * Returns the response to a request for a token count or the model list. Returns null for any other
 * request.
 */
function metadataAnswer({ route, body }: Question, model: string): Answer | null {
  const free: Replayed = { costUsd: 0 }
  // Estimates the token count: four bytes per token is the usual rule of thumb.
  if (route.asks === 'count') {
    return jsonAnswer(200, { input_tokens: Math.ceil(body.length / 4) }, free)
  }
  if (route.asks === 'models') {
    const entry = { id: model, object: 'model', type: 'model', display_name: model }
    return jsonAnswer(200, { object: 'list', data: [entry], has_more: false }, free)
  }
  return null
}

/**
 * Finds the recorded response to a request. If more doors are opened than were recorded, the
 * recording starts over: after 2 recorded doors, the third door gets the responses of the first.
 */
function recorded(doors: readonly (readonly Recorded[])[], question: Question): Answer {
  const answers = doors[question.door % doors.length] ?? []
  const answer = answers[question.place]
  const { name } = question.route.dialect
  if (answer === undefined) {
    throw new AppError(
      'replay-mismatch',
      `The recording has no response to request ${question.place + 1}; it contains only ${answers.length} for this attempt.`,
    )
  }
  if (answer.dialect !== name) {
    throw new AppError(
      'replay-mismatch',
      `Response ${question.place + 1} was recorded with ${answer.dialect}, but the request uses ${name}.`,
    )
  }
  return {
    status: answer.status,
    headers: { 'content-type': answer.contentType },
    body: once(Buffer.from(answer.body, 'base64')),
    replayed: { costUsd: 'unknown' },
  }
}

function scripted(
  script: Script,
  { route, body }: Question,
  wait: (ms: number) => Promise<void>,
): Promise<Answer> | Answer {
  const asked = route.dialect.conversation(parse(body))
  const conversation = script.model === undefined ? asked : { ...asked, model: script.model }
  const step = stepFor(script, conversation)
  if (step === null) {
    throw new AppError(
      'replay-mismatch',
      'No "when" text in the model script occurs in the prompt of this request.',
    )
  }
  if (step.cut === 'before') throw new CutOff()
  const replayed: Replayed = { costUsd: step.usage.costUsd ?? 'unknown' }
  if (step.status !== undefined) {
    const { status } = step
    const error = route.dialect.error({ status, code: 'scripted', message: 'A scripted error.' })
    return jsonAnswer(status, step.errorBody ?? error, replayed)
  }
  const wording = route.dialect.wording(step, conversation)
  return {
    status: 200,
    headers: { 'content-type': conversation.stream ? 'text/event-stream' : 'application/json' },
    body: conversation.stream ? streamed(wording, step, wait) : whole(wording, step, wait),
    replayed,
  }
}

async function* streamed(
  { events, ending }: Wording,
  { hangMs, cut }: ScriptStep,
  wait: (ms: number) => Promise<void>,
): AsyncGenerator<Uint8Array> {
  const sent = cut === 'middle' ? events.slice(0, Math.ceil(events.length / 2)) : events
  for (const event of sent) yield Buffer.from(event)
  if (cut === 'middle') throw new CutOff()
  await wait(hangMs)
  if (cut === undefined) yield Buffer.from(ending.join(''))
}

async function* whole(
  wording: Wording,
  { hangMs, cut }: ScriptStep,
  wait: (ms: number) => Promise<void>,
): AsyncGenerator<Uint8Array> {
  await wait(hangMs)
  const bytes = Buffer.from(JSON.stringify(wording.whole))
  yield cut === undefined ? bytes : bytes.subarray(0, bytes.length / 2)
  if (cut !== undefined) throw new CutOff()
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch (error) {
    throw new AppError('request-invalid', 'The model request is not JSON.', { cause: error })
  }
}
