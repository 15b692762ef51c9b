/**
 * Like `Promise.all`, but waits for all promises even when one rejects. For work on one folder: a task
 * still running would write into it while the caller removes it.
 */
export async function allEnded<Works extends readonly unknown[] | []>(
  works: Works,
): Promise<{ -readonly [Key in keyof Works]: Awaited<Works[Key]> }> {
  await Promise.allSettled(works)
  return await Promise.all(works)
}
