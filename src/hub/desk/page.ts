/** One page of a list. `next` is the cursor for the next page, or null on the last page. */
export type Page<Item extends { readonly id: string }> = {
  readonly items: readonly Item[]
  readonly next: Item['id'] | null
}

/** Reads a page of up to `limit` items. Reads one item more, to find out if there is a next page. */
export async function readPage<Item extends { readonly id: string }>(
  limit: number,
  read: (limit: number) => Promise<readonly Item[]>,
): Promise<Page<Item>> {
  const found = await read(limit + 1)
  const items = found.slice(0, limit)
  return { items, next: found.length > limit ? (items.at(-1)?.id ?? null) : null }
}
