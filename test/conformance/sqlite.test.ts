import { openOnSqlite } from '../support/sqlite-ledger.ts'
import { ledgerConformance } from './ledger.ts'

ledgerConformance('SQLite', openOnSqlite)
