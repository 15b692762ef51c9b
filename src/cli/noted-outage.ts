import { systemClock } from '../platform/clock.ts'
import { type HubOutage, hubOutage } from '../protocol/hub-outage.ts'
import { duration } from '../words/quantity.ts'

/** A `HubOutage` that prints a message when an outage begins, and once a minute while it lasts. */
export const notedOutage = (note: (text: string) => void): HubOutage =>
  hubOutage(systemClock, (error, outageMs) => {
    const lasted = outageMs < 1000 ? '' : ` (unreachable for ${duration(outageMs)})`
    note(`millwright: ${error.message}; retrying until the hub answers${lasted}`)
  })
