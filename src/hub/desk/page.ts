/** One page of a list, and the id after which the next page begins; null on the last page. */
export type Page<Item extends { readonly id: string }> = {
  readonly items: readonly Item[]
  readonly next: Item['id'] | null
}

/** Reads one item more than `limit`, to learn whether there is a next page. */
export async function readPage<Item extends { readonly id: string }>(
  limit: number,
  read: (limit: number) => Promise<readonly Item[]>,
): Promise<Page<Item>> {
  const found = await read(limit + 1)
  const items = found.slice(0, limit)
  return { items, next: found.length > limit ? (items.at(-1)?.id ?? null) : null }
}
