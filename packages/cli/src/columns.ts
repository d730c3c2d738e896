import { widthOf } from './paint.ts'

/** Each column as wide as its widest; those that `right` names are flush with the right. */
export function columns(
  rows: readonly (readonly string[])[],
  right: ReadonlySet<number> = new Set(),
): string[] {
  const widths: number[] = []
  for (const row of rows)
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, widthOf(cell))
  return rows.map((row) =>
    row
      .map((cell, at) => {
        const space = ' '.repeat(widths[at]! - widthOf(cell))
        return right.has(at) ? space + cell : cell + space
      })
      .join('  ')
      .trimEnd(),
  )
}
