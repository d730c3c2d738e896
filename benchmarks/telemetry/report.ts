import type { Subject } from './subjects.ts'

/** One figure: nanoseconds a call (with what it is over bare), milliseconds, or bytes. */
export interface Row {
  readonly group: Subject | 'scrape'
  readonly library: string
  readonly name: string
  readonly unit: 'ns' | 'ms' | 'B'
  readonly value: number
  readonly min?: number
  readonly over?: number
}

/** A figure that Holdfast promises. */
export interface Promised {
  readonly name: string
  readonly value: number
  readonly target: number
  readonly holds: boolean
}

export const headings: Readonly<Record<Row['group'], string>> = {
  policies: 'a full pipeline, counted or not',
  'no SDK': 'no SDK registered',
  contexts: 'a context of its own, as Node makes one',
  unsampled: 'registered, nothing sampled',
  'unsampled, kept if it fails': 'nothing sampled, all recorded: what fails is kept',
  sampled: 'everything sampled, the last 1,000 traces kept',
  logs: 'lines of a log, to a destination that does nothing',
  scrape: 'a scrape of 2,000 histograms of 11 bounds',
}

/** What Holdfast promises, held against the rows. */
export function promises(rows: readonly Row[]): Promised[] {
  const of = (group: Row['group'], library: string, name: string): Row =>
    rows.find((row) => row.group === group && row.library === library && row.name === name)!
  const over = (group: Row['group'], library: string, name: string) => of(group, library, name).over!
  const ms = (name: string) => of('scrape', 'holdfast', name).value
  const sampled = over('sampled', 'holdfast', 'traced')
  return [
    most('unsampled over bare, ns', over('unsampled', 'holdfast', 'traced'), 250),
    most(
      "sampled, times the SDK's own active span",
      sampled / over('sampled', 'SDK', 'startActiveSpan, end'),
      1.25,
    ),
    most(
      "sampled, times the SDK's startSpan and end alone",
      sampled / over('sampled', 'SDK', 'startSpan, end'),
      1.25,
    ),
    most('sampled over bare, ns', sampled, 10_000),
    most('scrape in all, ms', ms('in all'), 60),
    most('scrape, longest slice, ms', ms('longest slice of the loop'), 5),
  ]
}

/** The rows for a person to read. */
export function table(rows: readonly Row[]): string {
  const groups = Object.entries(headings).flatMap(([group, heading]) => [
    '',
    heading,
    ...rows.filter((row) => row.group === group).map(line),
  ])
  return [cells(['', 'median', 'min', 'over bare']), ...groups].join('\n')
}

/** The promises for a person to read. */
export function verdicts(promised: readonly Promised[]): string {
  const line = ({ name, value, target, holds }: Promised) =>
    `${name.padEnd(52)}${value.toFixed(2).padStart(10)}  (target ${target}): ${holds ? 'holds' : 'MISSED'}`
  return promised.map(line).join('\n')
}

function line({ library, name, unit, value, min, over }: Row): string {
  const shown = `${value.toFixed(unit === 'ms' ? 2 : 0)} ${unit}`
  return cells([
    `  ${library.padEnd(13)}${name}`,
    shown,
    min?.toFixed(0) ?? '',
    over?.toFixed(0) ?? '',
  ]).trimEnd()
}

function cells([name = '', ...figures]: readonly string[]): string {
  return `${name.padEnd(52)}${figures.map((figure) => figure.padStart(14)).join('')}`
}

/** A figure that is to be no more than `target`. */
export function most(name: string, value: number, target: number): Promised {
  return { name, value: Math.round(value * 100) / 100, target, holds: value <= target }
}
