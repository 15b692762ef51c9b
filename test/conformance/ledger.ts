import { describe } from 'vitest'
import type { OpenLedger } from './ledger/bed.ts'
import { callbacksConformance } from './ledger/callbacks.ts'
import { capabilityConformance } from './ledger/capability.ts'
import { claimConformance } from './ledger/claim.ts'
import { closedConformance } from './ledger/closed.ts'
import { earlierWorkConformance } from './ledger/earlier-work.ts'
import { expireConformance } from './ledger/expire.ts'
import { forgettingConformance } from './ledger/forgetting.ts'
import { holdConformance } from './ledger/hold.ts'
import { inputsConformance } from './ledger/inputs.ts'
import { locksConformance } from './ledger/locks.ts'
import { pauseAndCancelConformance } from './ledger/pause-and-cancel.ts'
import { readingConformance } from './ledger/reading.ts'
import { reportConformance } from './ledger/report.ts'
import { settleConformance } from './ledger/settle.ts'
import { submitConformance } from './ledger/submit.ts'
import { transitionsConformance } from './ledger/transitions.ts'
import { usageConformance } from './ledger/usage.ts'

/** The conformance suite for every ledger engine. */
export function ledgerConformance(name: string, open: OpenLedger): void {
  describe(`the ledger on ${name}`, () => {
    submitConformance(open)
    claimConformance(open)
    capabilityConformance(open)
    locksConformance(open)
    settleConformance(open)
    reportConformance(open)
    earlierWorkConformance(open)
    holdConformance(open)
    pauseAndCancelConformance(open)
    closedConformance(open)
    expireConformance(open)
    inputsConformance(open)
    callbacksConformance(open)
    readingConformance(open)
    forgettingConformance(open)
    transitionsConformance(open)
    usageConformance(open)
  })
}
