/** A count with its noun, which takes an s unless the count is one: `1 job`, `2 jobs`. */
export const plural = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? '' : 's'}`
