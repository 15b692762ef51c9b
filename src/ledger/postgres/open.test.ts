import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../platform/clock.ts'
import { postgresSnapshot } from './backup.ts'
import { withoutPassword } from './connections.ts'
import { openPostgresLedger } from './open.ts'

describe('the address of a ledger', () => {
  it.each([
    'postgres://ada:hu/sh@db.example/jobs',
    'postgres://ada:%ff@db.example/jobs',
    'postgres://ada@db.example:99999/jobs',
  ])('%s is refused with a hint when it cannot be read', async (url) => {
    const refused = { code: 'ledger-refused', message: expect.stringContaining('%2F') }
    const open = { url, clock: systemClock, random: randomBytes }
    await expect(openPostgresLedger(open)).rejects.toMatchObject(refused)
    await expect(postgresSnapshot(url)).rejects.toMatchObject(refused)
  })

  it('is shown without a password, even a malformed one', () => {
    expect(withoutPassword('postgres://ada:hush@db.example/jobs')).toBe(
      'postgres://db.example/jobs',
    )
    expect(withoutPassword('postgres://ada:12/hush@db.example/jobs')).not.toContain('hush')
  })
})
