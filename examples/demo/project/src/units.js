export const MILLISECONDS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 }

/** From the longest to the shortest. */
export const UNITS = ['d', 'h', 'm', 's']
