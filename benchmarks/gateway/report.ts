import type { Kind } from '../traffic/exchange.ts'
import { quantile } from '../traffic/quantile.ts'
import type { TargetName } from './target.ts'

/** One target's figures: requests a second, CPU microseconds a request, latencies at the fixed rate in ms, resident bytes. */
export type Row = {
  target: TargetName
  kind: Kind
  rps: number
  cpuMicros: number | null
  p50: number
  p99: number
  rss: number | null
}

/** A figure that Holdfast promises to stay under. */
export type Promised = { name: string; value: number; target: number; holds: boolean }

/** The median of each figure over the rounds of one target and kind. */
export function medianRow(rounds: readonly Row[]): Row {
  const [first] = rounds
  if (!first) throw new Error('no round was measured')
  const of = (figure: (row: Row) => number | null) => {
    const values = rounds.map(figure).filter((value) => value !== null)
    return values.length === 0 ? null : quantile(values, 0.5)
  }
  return {
    target: first.target,
    kind: first.kind,
    rps: of(({ rps }) => rps) ?? 0,
    cpuMicros: of(({ cpuMicros }) => cpuMicros),
    p50: of(({ p50 }) => p50) ?? 0,
    p99: of(({ p99 }) => p99) ?? 0,
    rss: of(({ rss }) => rss),
  }
}

/** What Holdfast promises, held against the rows; nothing where a row that it needs was not measured. */
export function promises(rows: readonly Row[]): Promised[] {
  const row = (target: TargetName, kind: Kind) =>
    rows.find((row) => row.target === target && row.kind === kind)
  const cpuOverBare = (kind: Kind) => ratio(row('holdfast', kind)?.cpuMicros, row('bare', kind)?.cpuMicros)
  const added = (kind: Kind) => minus(row('holdfast', kind)?.p50, row('direct', kind)?.p50)
  return [
    { name: 'json cpu over bare', value: cpuOverBare('json'), target: 1.33 },
    { name: 'sse cpu over bare', value: cpuOverBare('sse'), target: 1.25 },
    { name: 'json added p50 at 200/s, ms', value: added('json'), target: 1.4 },
  ].flatMap(({ name, value, target }) =>
    value === undefined ? [] : [{ name, value: round(value), target, holds: round(value) <= target }],
  )
}

/** The rows and promises for a person to read. */
export function table(rows: readonly Row[], promised: readonly Promised[]): string {
  const lines = [
    ['', 'requests/s', 'CPU µs/req', 'p50 ms @200/s', 'p99 ms @200/s', 'RSS MB'],
    ...rows.map(({ target, kind, rps, cpuMicros, p50, p99, rss }) => [
      `${kind} ${target}`,
      rps.toFixed(0),
      cpuMicros?.toFixed(1) ?? '-',
      p50.toFixed(2),
      p99.toFixed(2),
      rss === null ? '-' : (rss / 1e6).toFixed(0),
    ]),
  ]
  const cells = (line: string[]) =>
    line.map((cell, index) => (index ? cell.padStart(15) : cell.padEnd(14))).join('')
  const verdicts = promised.map(
    ({ name, value, target, holds }) =>
      `${name.padEnd(30)}${value} (at most ${target}): ${holds ? 'holds' : 'MISSED'}`,
  )
  return [...lines.map(cells), '', ...verdicts].join('\n').trimEnd()
}

const round = (value: number): number => Math.round(value * 100) / 100

const ratio = (a: number | null | undefined, b: number | null | undefined) => (a && b ? a / b : undefined)

const minus = (a: number | undefined, b: number | undefined) =>
  a === undefined || b === undefined ? undefined : a - b
