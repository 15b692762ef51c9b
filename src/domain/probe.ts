/**
 * A hook that the code calls at each point where the fault suite can kill, pause or disconnect the
 * program. Asynchronous callers await it. `label` names the point. It is always a constant, never data
 * from a user or a job.
 */
export type Probe = (label: string) => Promise<void> | void

/** Does nothing. Used by every program except those started by the fault suite. */
export const noProbe: Probe = () => {}
