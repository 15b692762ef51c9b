import type { Command } from 'commander'
import { z } from 'zod'
import { Scope } from '../../domain/principal.ts'
import type { TokenInfo } from '../../protocol/schemas.ts'
import { collect, type Invocation, NoFlags } from '../command.ts'
import { onHub } from '../hub-command.ts'
import { columns } from '../print/printer.ts'
import { zonedMoment } from '../print/quantity.ts'
import { safeLine } from '../print/safe-text.ts'

/** `millwright tokens`: who may speak to the hub. */
export function addTokens(program: Command, invocation: Invocation): void {
  const tokens = program.command('tokens').description('make, list and revoke tokens')
  addCreate(tokens, invocation)
  addList(tokens, invocation)
  addRevoke(tokens, invocation)
}

const CreateFlags = z.object({
  scope: z.array(Scope).min(1, 'give at least one'),
  days: z.union([z.literal('never').transform(() => null), z.coerce.number().int()]),
})

function addCreate(tokens: Command, invocation: Invocation): void {
  const command = tokens
    .command('create')
    .description('Makes a token and prints it this once. A worker needs --scope worker.')
    .argument('<name>', 'who or what will use it')
    .requiredOption('--scope <scope>', `${Scope.options.join(', ')}; repeatable`, collect)
    .option('--days <count>', 'days until it expires, or never', '90')
  onHub(
    command,
    invocation,
    CreateFlags,
    async ({ flags: { scope, days }, args: [name = ''], print, connect }) => {
      const client = await connect()
      const created = await client.call('createToken', { body: { name, scopes: scope, days } })
      if (print.json) return print.document(created)
      // Alone on stdout, so that it can be written to a file.
      print.line(created.token)
      print.note(`${created.info.id} is shown this once; it ${expiry(created.info)}`)
    },
  )
}

function addList(tokens: Command, invocation: Invocation): void {
  const command = tokens.command('list').description('Lists tokens, never their secrets.')
  onHub(command, invocation, NoFlags, async ({ print, connect }) => {
    const client = await connect()
    const answer = await client.call('listTokens', {})
    if (print.json) return print.document(answer)
    const head = ['id', 'name', 'scopes', 'state', 'last used']
    const rows = answer.tokens.map((token) => [
      token.id,
      safeLine(token.name),
      token.scopes.join(','),
      token.revokedAt === null ? expiry(token) : 'is revoked',
      token.lastUsedAt === null ? 'never' : zonedMoment(token.lastUsedAt),
    ])
    for (const line of columns([head, ...rows])) print.line(line)
  })
}

function addRevoke(tokens: Command, invocation: Invocation): void {
  const command = tokens
    .command('revoke')
    .description('Revokes a token at once.')
    .argument('<id>', 'as listed')
  onHub(command, invocation, NoFlags, async ({ args: [id = ''], print, connect }) => {
    const client = await connect()
    await client.call('revokeToken', { params: { token: id } })
    if (print.json) return print.document({ id, revoked: true })
    print.line(`${safeLine(id)} is revoked`)
  })
}

const expiry = (token: TokenInfo): string =>
  token.expiresAt === null ? 'never expires' : `expires ${zonedMoment(token.expiresAt)}`
