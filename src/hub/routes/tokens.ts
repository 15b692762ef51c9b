import type { z } from 'zod'
import type { TokenRow } from '../../ledger/port.ts'
import type { TokenInfo } from '../../protocol/schemas.ts'
import type { Endpoint } from '../handler.ts'

const infoOf = ({ scopes, lanes, ...row }: TokenRow): z.infer<typeof TokenInfo> => ({
  ...row,
  scopes: [...scopes],
  lanes: lanes === null ? null : [...lanes],
})

export const createToken: Endpoint<'createToken'> =
  (desk) =>
  async ({ body }) => {
    const { token, row } = await desk.createToken(body)
    return { body: { token, info: infoOf(row) } }
  }

export const listTokens: Endpoint<'listTokens'> = (desk) => async () => ({
  body: { tokens: (await desk.listTokens()).map(infoOf) },
})

export const revokeToken: Endpoint<'revokeToken'> =
  (desk) =>
  async ({ params }) => {
    await desk.revokeToken(params.token)
    return { body: null }
  }
