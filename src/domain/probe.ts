/**
 * Called with the label of each place at which a test may kill, pause or cut off a program, and
 * awaited wherever the code around it can wait. Labels are fixed in the code, so no input reaches a
 * probe.
 */
export type Probe = (label: string) => Promise<void> | void

/** The probe of every program but those of the fault suite. */
export const noProbe: Probe = () => {}
