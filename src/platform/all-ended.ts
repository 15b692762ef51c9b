/**
 * Like `Promise.all`, but waits for all promises even if one rejects. Use it for work in one
 * folder: otherwise a task could still write to the folder while the caller removes the folder.
 */
export async function allEnded<Works extends readonly unknown[] | []>(
  works: Works,
): Promise<{ -readonly [Key in keyof Works]: Awaited<Works[Key]> }> {
  await Promise.allSettled(works)
  return await Promise.all(works)
}
