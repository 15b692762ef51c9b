/** A part of a list, and the id after which the next part begins; null at its end. */
export type Page<Item extends { readonly id: string }> = {
  readonly items: readonly Item[]
  readonly next: Item['id'] | null
}

/** One more than wanted tells whether there is a next page. */
export async function readPage<Item extends { readonly id: string }>(
  limit: number,
  read: (limit: number) => Promise<readonly Item[]>,
): Promise<Page<Item>> {
  const found = await read(limit + 1)
  const items = found.slice(0, limit)
  return { items, next: found.length > limit ? (items.at(-1)?.id ?? null) : null }
}
