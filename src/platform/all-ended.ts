/**
 * Like `Promise.all`, but waits for every one of them also when one fails. For work on one folder:
 * what is left running would write into it while somebody removes it.
 */
export async function allEnded<Works extends readonly unknown[] | []>(
  works: Works,
): Promise<{ -readonly [Key in keyof Works]: Awaited<Works[Key]> }> {
  await Promise.allSettled(works)
  return await Promise.all(works)
}
