import { describeNeeding } from '../support/needs.ts'
import { openOnPostgres, postgresOfFile } from '../support/postgres.ts'
import { ledgerConformance } from './ledger.ts'

describeNeeding(['postgresql', 'patience'], 'the ledger with a server', () => {
  const file = postgresOfFile()
  ledgerConformance('PostgreSQL', () => openOnPostgres(file.server))
})
