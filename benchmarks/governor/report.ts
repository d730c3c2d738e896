/** One figure of one supervisor. */
export interface Row {
  readonly subject: string
  readonly name: string
  readonly unit: 'ms' | 'MiB' | 's' | 'calls'
  readonly value: number
  /** The 95th percentile, or the worst of few. */
  readonly worst?: number
  /** Of the bare parent's. */
  readonly ratio?: number
}

export type Rows = Readonly<Record<string, readonly Row[]>>

/** A figure that Holdfast promises. */
export interface Promised {
  readonly name: string
  readonly value: number
  readonly target: number
  readonly holds: boolean
}

/** What Holdfast promises, held against the rows that there are. */
export function promises(rows: Rows): Promised[] {
  const all = Object.values(rows).flat()
  const bare = (name: string): number =>
    all.find((row) => row.name === name && row.subject === 'bare node parent')?.value ?? 0
  return all.flatMap(({ subject, name, value, ratio }) => {
    if (!subject.startsWith('holdfast')) return []
    const told = `${subject}: ${name}`
    if (name === 'kill -9 to ready')
      return [most(`${told}, of bare`, ratio!, subject.endsWith('spare') ? 0.4 : 1.15)]
    if (name.startsWith('start ')) return [most(`${told}, of bare`, ratio!, 1.1)]
    if (name.startsWith('stop ')) return [most(`${told}, of bare`, ratio!, 2.2)]
    if (/^supervisor.*RSS/.test(name)) return [most(`${told}, MiB`, value, 50)]
    if (/^supervisor.*unique/.test(name)) return [most(`${told}, MiB`, value, 12)]
    // Two measurements of one thing differ by some tens of KB.
    if (name.startsWith('a child')) return [most(`${told}, MiB over bare`, value - bare(name), 0.5)]
    if (name.endsWith('ECONNREFUSED')) return [most(told, value, 0)]
    return name.endsWith('growth of RSS') ? [most(`${told}, MiB`, value, 1)] : []
  })
}

/** The rows and promises for a person to read. */
export function table(rows: Rows, promised: readonly Promised[]): string {
  const groups = Object.entries(rows).flatMap(([part, all]) => ['', part, ...all.map(line)])
  const verdicts = promised.map(
    ({ name, value, target, holds }) =>
      `${name.padEnd(66)}${value.toFixed(2).padStart(9)}  (target ${target}): ${holds ? 'holds' : 'MISSED'}`,
  )
  return [`${''.padEnd(73)}median       worst    of bare`, ...groups, '', ...verdicts].join('\n')
}

function line({ subject, name, unit, value, worst, ratio }: Row): string {
  const figures = [
    `${value.toFixed(1)} ${unit}`.padStart(19),
    (worst?.toFixed(1) ?? '').padStart(12),
    (ratio?.toFixed(3) ?? '').padStart(11),
  ]
  return `  ${name.padEnd(36)}${subject.padEnd(24)}${figures.join('')}`.trimEnd()
}

function most(name: string, value: number, target: number): Promised {
  return { name, value: Math.round(value * 1_000) / 1_000, target, holds: value <= target }
}
