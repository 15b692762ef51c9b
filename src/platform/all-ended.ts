/**
 * Like `Promise.all`, but if a promise rejects, still waits for all others before it rejects. Use
 * it for tasks in one folder: otherwise a task could still write to the folder while the caller
 * removes the folder.
 */
export async function allEnded<Works extends readonly unknown[] | []>(
  works: Works,
): Promise<{ -readonly [Key in keyof Works]: Awaited<Works[Key]> }> {
  await Promise.allSettled(works)
  return await Promise.all(works)
}
