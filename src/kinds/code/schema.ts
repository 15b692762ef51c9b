import { z } from 'zod'
import { AGENTS } from '../../agents/all.ts'
import { type FollowUp, kindSchema } from '../../domain/kind.ts'
import { demandsOf, lackOf } from './demands.ts'
import { codeFacts } from './facts.ts'
import { CodePayload } from './payload.ts'

/**
 * The first line of the prompt, truncated for lists. Replaces each NUL character with a space,
 * because SQL searches would not see the text after a NUL.
 */
const firstLine = (text: string): string =>
  (text.trim().split('\n', 1)[0] ?? '').replaceAll('\0', ' ').slice(0, 120)

const Asked = z.record(z.string(), z.unknown())

function followUpOf(earlier: unknown, { prompt, ref, branch }: FollowUp): unknown {
  // Drop `startAt`, which applied only to the earlier job. By default, a follow-up starts where the
  // earlier job ended.
  const { startAt: _, ...payload } = Asked.parse(earlier)
  return {
    ...payload,
    ...(prompt === undefined ? {} : { prompt }),
    ...(ref === undefined ? {} : { ...startingAt(payload), ref, startAt: 'ref' }),
    ...(branch === undefined ? {} : { publish: { ...publishOf(payload), mode: 'branch', branch } }),
  }
}

/**
 * Returns an object with the payload's `checkout`, without the `ref` in it; an empty object if the
 * payload has no `checkout`. A payload may name its ref in one place only, and the follow-up names
 * it in `ref`.
 */
function startingAt({ checkout }: Readonly<Record<string, unknown>>): object {
  if (checkout === undefined) return {}
  const { ref: _, ...options } = Asked.parse(checkout)
  return { checkout: options }
}

const publishOf = ({ publish = {} }: Readonly<Record<string, unknown>>): object =>
  Asked.parse(publish)

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
  followUp: followUpOf,
  demands: demandsOf,
  lack: lackOf,
  protocol: ({ iterations, expectChange, startAt }) =>
    (iterations ?? expectChange ?? startAt) === undefined ? 1 : 2,
  facts: codeFacts,
  prompt: ({ prompt }) => prompt,
  story: ({ agent }) => AGENTS.find(({ name }) => name === agent.name)?.story ?? 'transcript',
})
