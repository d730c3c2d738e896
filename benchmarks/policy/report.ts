/** One figure: nanoseconds a call (with what it is over bare), bytes an instance, or percent of a core. */
export interface Row {
  readonly group: Group
  readonly library: string
  readonly name: string
  readonly unit: 'ns' | 'B' | '% of a core'
  readonly value: number
  readonly min?: number
  readonly over?: number
  readonly ratio?: number
}

export type Group = 'bare' | 'single' | 'composed' | 'together' | 'shed' | 'heap' | 'idle'

/** A figure that Holdfast promises; `atLeast` where more is better. */
export interface Promised {
  readonly name: string
  readonly value: number
  readonly target: number
  readonly holds: boolean
}

const headings: Readonly<Record<Group, string>> = {
  bare: 'awaiting the work itself, first and last row of each round',
  single: 'one policy, success',
  composed: 'everything around one call, success',
  together: '1,000 calls in flight',
  shed: 'turned away by an open breaker',
  heap: 'an instance, of many',
  idle: 'many instances at rest',
}

type Figure = 'value' | 'over'

/** What Holdfast promises, held against the rows; nothing where a row that it needs was not measured. */
export function promises(rows: readonly Row[]): Promised[] {
  const of = (group: Group, library: string, name: string, figure: Figure = 'value') =>
    rows.find((row) => row.group === group && row.library === library && row.name === name)?.[figure]
  const ours = (group: Group, name: string, figure?: Figure) => of(group, 'holdfast', name, figure)
  const cockatiel = of('composed', 'cockatiel', 'the same cooperative + bulkhead', 'over')
  const full = ours('composed', 'full cooperative', 'over')
  const times = cockatiel === undefined || full === undefined ? undefined : cockatiel / full
  return [
    most('breaker over bare, ns', ours('single', 'breaker consecutive', 'over'), 80),
    most('breaker count(100) over bare, ns', ours('single', 'breaker count(100)', 'over'), 80),
    most('breaker time window over bare, ns', ours('single', 'breaker time window', 'over'), 80),
    most('full cooperative over bare, ns', full, 200),
    least('full cooperative, times less than cockatiel', times, 15),
    most('full aggressive over bare, ns', ours('composed', 'full aggressive', 'over'), 350),
    most(
      'counting and percentiles add, ns',
      minus(ours('composed', 'full cooperative + percentiles', 'over'), full),
      40,
    ),
    most('1,000 in flight, ns a call', ours('together', 'full aggressive'), 800),
    most('shed as outcome, ns', ours('shed', 'outcome'), 100),
    most('shed, thrown, ns', ours('shed', 'thrown'), 800),
    most('full pipeline, B', ours('heap', 'full, count(100)'), 600),
    most('full pipeline after 100 calls, B', ours('heap', 'full, count(100), after 100 calls'), 600),
    most(
      'full pipeline with percentiles, after 100 calls, B',
      ours('heap', 'full, count(100), percentiles, after 100 calls'),
      1_200,
    ),
    most('a key of a breaker, B', ours('heap', 'a key of a breaker'), 200),
    most('100,000 at rest, % of a core', ours('idle', 'full, count(100)'), 1),
  ].flat()
}

/** The rows and promises for a person to read. */
export function table(rows: readonly Row[], promised: readonly Promised[]): string {
  const groups = Object.entries(headings).flatMap(([group, heading]) => {
    const lines = rows.filter((row) => row.group === group).map(line)
    return lines.length === 0 ? [] : ['', heading, ...lines]
  })
  const verdicts = promised.map(
    ({ name, value, target, holds }) =>
      `${name.padEnd(52)}${value.toFixed(1).padStart(9)}  (target ${target}): ${holds ? 'holds' : 'MISSED'}`,
  )
  const head = cells(['', 'median', 'min', 'over bare', 'times bare'])
  return [head, ...groups, '', ...verdicts].join('\n')
}

function line({ library, name, unit, value, min, over, ratio }: Row): string {
  const figures = [min?.toFixed(0) ?? '', over?.toFixed(0) ?? '', ratio?.toFixed(1) ?? '']
  const shown = `${value.toFixed(unit === '% of a core' ? 2 : 0)} ${unit}`
  return cells([`  ${library.padEnd(11)}${name}`, shown, ...figures]).trimEnd()
}

function cells([name = '', ...figures]: readonly string[]): string {
  return `${name.padEnd(66)}${figures.map((figure) => figure.padStart(16)).join('')}`
}

function most(name: string, value: number | undefined, target: number): Promised[] {
  return value === undefined ? [] : [{ name, value: round(value), target, holds: value <= target }]
}

function least(name: string, value: number | undefined, target: number): Promised[] {
  return value === undefined ? [] : [{ name, value: round(value), target, holds: value >= target }]
}

function minus(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? undefined : one - other
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
