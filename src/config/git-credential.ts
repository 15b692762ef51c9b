import { z } from 'zod'

const match = z
  .url({ protocol: /^(?:https?|ssh)$/, error: 'must be an https, http or ssh URL' })
  .transform((text) => new URL(text))
  .refine(({ password }) => password === '', 'must not contain a password')
const user = z.string().min(1).max(200).optional()
const text = z.string().min(1).max(4096)

/** A git credential as written in a file: `{match: https://host/path, from: env, name: TOKEN}`. */
const FullForm = z.discriminatedUnion('from', [
  z.strictObject({ match, user, from: z.literal('env'), name: text }),
  z.strictObject({ match, user, from: z.literal('file'), path: text }),
  z.strictObject({
    match,
    user,
    from: z.literal('command'),
    run: z.tuple([text], text).check(z.maxLength(64)),
  }),
  z.strictObject({ match, user, from: z.literal('ssh-agent') }),
])

/**
 * A git credential as written in a flag or variable: `https://host/path=env:NAME` or
 * `https://host/path=file:/path`.
 */
const ShortForm = z
  .string()
  .regex(
    /^(?:https?|ssh):\/\/[^=\s]+=(?:env|file):.+$/,
    'must look like https://host/=env:NAME or https://user@host/path=file:/path',
  )
  .transform((rule): z.input<typeof FullForm> => {
    const at = rule.indexOf('=')
    const source = rule.slice(at + 1)
    const where = source.slice(source.indexOf(':') + 1)
    const address = { match: rule.slice(0, at) }
    return source.startsWith('env:')
      ? { ...address, from: 'env', name: where }
      : { ...address, from: 'file', path: where }
  })
  .pipe(FullForm)

/**
 * Where the git credential for a URL and all URLs below it is stored. This value never contains the
 * credential itself.
 */
export const GitCredential = z.union([ShortForm, FullForm])
export type GitCredential = z.infer<typeof GitCredential>
