import { z } from 'zod'

const match = z
  .url({ protocol: /^(?:https?|ssh)$/, error: 'must be an https, http or ssh address' })
  .transform((text) => new URL(text))
  .refine(({ password }) => password === '', 'may not hold a password')
const user = z.string().min(1).max(200).optional()
const words = z.string().min(1).max(4096)

/** As in a file: `{match: https://host/path, from: env, name: TOKEN}`. */
const Written = z.discriminatedUnion('from', [
  z.strictObject({ match, user, from: z.literal('env'), name: words }),
  z.strictObject({ match, user, from: z.literal('file'), path: words }),
  z.strictObject({
    match,
    user,
    from: z.literal('command'),
    run: z.tuple([words], words).check(z.maxLength(64)),
  }),
  z.strictObject({ match, user, from: z.literal('ssh-agent') }),
])

/** As in a flag or variable: `https://host/path=env:NAME` or `=file:/path`. */
const Short = z
  .string()
  .regex(
    /^(?:https?|ssh):\/\/[^=\s]+=(?:env|file):.+$/,
    'must look like https://host/=env:NAME or https://user@host/path=file:/path',
  )
  .transform((text): z.input<typeof Written> => {
    const at = text.indexOf('=')
    const source = text.slice(at + 1)
    const where = source.slice(source.indexOf(':') + 1)
    const rule = { match: text.slice(0, at) }
    return source.startsWith('env:')
      ? { ...rule, from: 'env', name: where }
      : { ...rule, from: 'file', path: where }
  })
  .pipe(Written)

/** Where a git credential for an address, and all below it, is kept: never in the setting itself. */
export const GitCredential = z.union([Short, Written])
export type GitCredential = z.infer<typeof GitCredential>
