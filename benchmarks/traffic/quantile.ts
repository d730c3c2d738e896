/** The value below which a share of all values lies (nearest rank; the mean of the middle two for an even median). */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const rank = share * sorted.length
  if (share === 0.5 && Number.isInteger(rank)) return (at(sorted, rank - 1) + at(sorted, rank)) / 2
  return at(sorted, Math.ceil(rank) - 1)
}

const at = (values: readonly number[], index: number): number => values[index] ?? Number.NaN
