/**
 * Called with the label of each place in the code where a test may kill, pause or disconnect a
 * program, and awaited where the caller is asynchronous. Labels are constants, so no input reaches a
 * probe.
 */
export type Probe = (label: string) => Promise<void> | void

/** Does nothing: the probe of every program except those of the fault suite. */
export const noProbe: Probe = () => {}
