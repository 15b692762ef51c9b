/**
 * A hook that the code calls at each point where the fault suite can kill, pause or disconnect the
 * program. Asynchronous callers await it. `label` names the point; it is a constant, so no input
 * reaches a probe.
 */
export type Probe = (label: string) => Promise<void> | void

/** Does nothing. Used by every program except those started by the fault suite. */
export const noProbe: Probe = () => {}
