const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** Formats a size in decimal units: 950 B, 12.3 kB. */
export function bytes(count: number): string {
  const power = count < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(count) / 3))
  const value = count / 1000 ** power
  return `${power === 0 ? value : value.toFixed(1)} ${UNITS[power] ?? 'B'}`
}
