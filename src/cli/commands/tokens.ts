import type { Command } from 'commander'
import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import { Scope } from '../../domain/principal.ts'
import type { HubClient } from '../../protocol/client.ts'
import type { TokenInfo } from '../../protocol/schemas.ts'
import { collect, type Invocation, NoFlags } from '../command.ts'
import { onHub } from '../hub-command.ts'
import { JobPattern } from '../job-pattern.ts'
import { columns } from '../print/printer.ts'
import { zonedMoment } from '../../words/quantity.ts'
import { safeLine } from '../../words/safe-text.ts'

/** `millwright tokens`: creates, lists and revokes the tokens of a hub. */
export function defineTokens(tokens: Command, invocation: Invocation): void {
  addCreate(tokens, invocation)
  addList(tokens, invocation)
  addRevoke(tokens, invocation)
}

const CreateFlags = z.object({
  scope: z.array(Scope).min(1, 'at least one scope is required'),
  only: z.array(JobPattern).optional(),
  days: z.union([z.literal('never').transform(() => null), z.coerce.number().int()]),
})

function addCreate(tokens: Command, invocation: Invocation): void {
  const command = tokens
    .command('create')
    .description(
      'Creates a token and prints it; it cannot be shown again. A worker needs --scope worker.',
    )
    .argument('<name>', 'name of the person or machine that will use the token')
    .requiredOption(
      '--scope <scope>',
      `what the token permits: ${Scope.options.join(', ')}; repeatable`,
      collect,
    )
    .option(
      '--only <pattern>',
      'restricts a worker to matching jobs: kind:code, label:gpu, agent:codex, repo:https://host/team/*; repeatable',
      collect,
    )
    .option('--days <count>', 'number of days until the token expires, or never', '90')
  onHub(
    command,
    invocation,
    CreateFlags,
    async ({ flags: { scope, only, days }, args: [name = ''], print, connect }) => {
      const client = await connect()
      const body = { name, scopes: scope, lanes: only, days }
      const created = await client.call('createToken', { body })
      if (print.json) return print.document(created)
      // Only the token goes to stdout, so that `> file` saves the token and nothing else.
      print.line(created.token)
      print.note('Save this token now: it cannot be shown again.')
      print.note(`Its id is ${created.info.id}; it ${expiry(created.info)}.`)
    },
  )
}

function addList(tokens: Command, invocation: Invocation): void {
  const command = tokens.command('list').description('Lists tokens without their secrets.')
  onHub(command, invocation, NoFlags, async ({ print, connect }) => {
    const client = await connect()
    const answer = await client.call('listTokens', {})
    if (print.json) return print.document(answer)
    const head = ['id', 'name', 'scopes', 'only', 'state', 'last used']
    const rows = answer.tokens.map((token) => [
      token.id,
      safeLine(token.name),
      token.scopes.join(','),
      token.lanes === null ? '' : safeLine(token.lanes.join(' ')),
      token.revokedAt === null ? expiry(token) : 'revoked',
      token.lastUsedAt === null ? 'never' : zonedMoment(token.lastUsedAt),
    ])
    for (const line of columns([head, ...rows])) print.line(line)
  })
}

function addRevoke(tokens: Command, invocation: Invocation): void {
  const command = tokens
    .command('revoke')
    .description('Revokes a token immediately.')
    .argument('<token>', 'id or name of the token')
  onHub(command, invocation, NoFlags, async ({ args: [text = ''], print, connect }) => {
    const client = await connect()
    const id = await findToken(client, text)
    await client.call('revokeToken', { params: { token: id } })
    if (print.json) return print.document({ id, revoked: true })
    print.line(`The token ${safeLine(id)} is revoked`)
  })
}

/**
 * Returns the id of the token that has this id, or of the unrevoked token that has this name.
 * Returns any other text unchanged, because the hub reports an unknown id. Throws `usage-invalid`
 * if several unrevoked tokens have the name.
 */
async function findToken(client: HubClient, text: string): Promise<string> {
  const { tokens } = await client.call('listTokens', {})
  if (tokens.some(({ id }) => id === text)) return text
  const named = tokens.filter(({ name, revokedAt }) => name === text && revokedAt === null)
  const [only, ...others] = named.map(({ id }) => id)
  if (only === undefined || others.length === 0) return only ?? text
  const ids = [only, ...others].join(', ')
  throw new AppError(
    'usage-invalid',
    `${named.length} tokens are named ${text}; use one of these ids: ${ids}`,
  )
}

const expiry = (token: TokenInfo): string =>
  token.expiresAt === null ? 'never expires' : `expires ${zonedMoment(token.expiresAt)}`
