/** `; did you mean 'url'?`, where one of the known names is close enough to what was written, else the names themselves. */
export function didYouMean(written: string, known: readonly string[]): string {
  const [nearest] = known
    .map((name) => ({ name, steps: distance(written.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.steps - b.steps)
  if (nearest && nearest.steps <= Math.max(1, Math.floor(written.length / 3)))
    return `; did you mean '${nearest.name}'?`
  if (known.length === 0) return ''
  const more = known.length > shownAtMost ? ` and ${known.length - shownAtMost} more` : ''
  return `; known are ${known.slice(0, shownAtMost).join(', ')}${more}`
}

const shownAtMost = 12

/** Steps from one word to the other: a letter more, less or other, or two neighbours swapped (optimal string alignment). */
function distance(a: string, b: string): number {
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const other = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, other, swapped ? before[j - 2]! + 1 : Infinity)
    }
    before = row
    row = next
  }
  return row[b.length]!
}
