/** A count and a noun. The noun gets an s unless the count is one: `1 job`, `2 jobs`. */
export const plural = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? '' : 's'}`
