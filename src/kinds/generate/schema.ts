import { AppError } from '../../domain/errors.ts'
import { kindSchema } from '../../domain/kind.ts'
import { generatorOffer } from '../../generators/all.ts'
import { GeneratePayload } from './payload.ts'

/** The name of this kind. */
export const GENERATE = 'generate'

/** A worker needs at least this protocol version to run jobs of this kind. */
const PROTOCOL = 2
const TITLE_MAX = 120

/** The generate kind, as the hub and the displays need it. */
export const generateSchema = kindSchema(GeneratePayload, {
  name: GENERATE,
  title: ({ title, generator }) => title ?? commandLine(generator.run).slice(0, TITLE_MAX),
  locks: () => [],
  followUp: (payload, change) => {
    const asked = Object.entries(change).find(([, value]) => value !== undefined)
    if (asked === undefined) return payload
    throw new AppError(
      'payload-invalid',
      `A job of the kind ${GENERATE} takes no ${asked[0]}: retry it without one.`,
    )
  },
  demands: ({ generator }) => [generatorOffer(generator.name)],
  lack: () => null,
  protocol: () => PROTOCOL,
  facts: ({ generator, checks }) => [
    ['generator', generator.name],
    ['program', commandLine(generator.run)],
    ['checks', checks.length === 0 ? null : checks.map(({ name }) => name).join(', ')],
  ],
  prompt: () => null,
  story: () => 'output',
})

/**
 * The command on one line. Whitespace and control characters become spaces. A NUL character would
 * hide the text after it from SQL searches.
 */
const commandLine = (run: readonly string[]): string =>
  run
    .join(' ')
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim()
