/** The bytes of an endless log from `start` to `end`: each byte follows from its offset. */
export const wholeLog = (start: number, end: number): Buffer =>
  Buffer.from(Array.from({ length: end - start }, (_, index) => ((start + index) * 7) % 251))
