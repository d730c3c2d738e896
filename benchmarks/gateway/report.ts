import type { Kind } from '../traffic/exchange.ts'
import { quantile } from '../traffic/quantile.ts'
import type { Streams } from './streams.ts'
import type { TargetName } from './target.ts'

/** One target's figures: requests a second, CPU microseconds a request, latencies at the fixed rate in ms, resident bytes. */
export type Row = {
  target: TargetName
  kind: Kind
  rps: number
  cpuMicros: number | null
  p50: number
  p99: number
  /** To the first byte of the body. */
  first99: number
  rss: number | null
}

/** A figure that Holdfast promises to stay under, or over. */
export type Promised = { name: string; value: number; target: number; atLeast: boolean; holds: boolean }

/** All that was measured. */
export type Measured = {
  rows: readonly Row[]
  /** What Holdfast held before it was asked anything, in bytes. */
  idle: number | undefined
  streams: readonly Streams[]
}

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
    first99: of(({ first99 }) => first99) ?? 0,
    rss: of(({ rss }) => rss),
  }
}

/** What Holdfast promises, held against what was measured; nothing where something that it needs was not. */
export function promises({ rows, idle, streams }: Measured): Promised[] {
  const row = (target: TargetName, kind: Kind) =>
    rows.find((row) => row.target === target && row.kind === kind)
  const over = (a: TargetName, b: TargetName, kind: Kind) =>
    ratio(row(a, kind)?.cpuMicros, row(b, kind)?.cpuMicros)
  const added = (kind: Kind, of: 'p50' | 'first99') =>
    minus(row('holdfast', kind)?.[of], row('direct', kind)?.[of])
  const loaded = rows.flatMap(({ target, rss }) => (target === 'holdfast' && rss !== null ? [rss] : []))
  const spoken = streams.find(({ target }) => target === 'holdfast')
  const most = [
    { name: 'json cpu over bare', value: over('holdfast', 'bare', 'json'), target: 1.33 },
    { name: 'sse cpu over bare', value: over('holdfast', 'bare', 'sse'), target: 1.25 },
    { name: 'json added p50 at 200/s, ms', value: added('json', 'p50'), target: 1.4 },
    { name: 'sse added first-token p99 at 200/s, ms', value: added('sse', 'first99'), target: 1.5 },
    { name: 'RSS idle, MB', value: idle === undefined ? undefined : idle / 1e6, target: 90 },
    { name: 'RSS loaded, MB', value: loaded.length ? Math.max(...loaded) / 1e6 : undefined, target: 220 },
    { name: 'paced streams that broke', value: spoken?.broken, target: 0 },
    { name: 'paced streams, the latest frame, ms', value: spoken?.worst, target: 500 },
  ].map((each) => ({ ...each, atLeast: false }))
  const least = [
    { name: "json, Portkey's cpu over Holdfast's", value: over('portkey', 'holdfast', 'json'), target: 8 },
    { name: "sse, Portkey's cpu over Holdfast's", value: over('portkey', 'holdfast', 'sse'), target: 4 },
  ].map((each) => ({ ...each, atLeast: true }))
  return [...most, ...least].flatMap(({ name, value, target, atLeast }) => {
    if (value === undefined) return []
    const rounded = Math.round(value * 100) / 100
    return [{ name, value: rounded, target, atLeast, holds: atLeast ? rounded >= target : rounded <= target }]
  })
}

/** The rows and promises for a person to read. */
export function table(rows: readonly Row[], promised: readonly Promised[]): string {
  const lines = [
    ['', 'requests/s', 'CPU µs/req', 'p50 ms @200/s', 'p99 ms @200/s', 'first p99 ms', 'RSS MB'],
    ...rows.map(({ target, kind, rps, cpuMicros, p50, p99, first99, rss }) => [
      `${kind} ${target}`,
      rps.toFixed(0),
      cpuMicros?.toFixed(1) ?? '-',
      p50.toFixed(2),
      p99.toFixed(2),
      first99.toFixed(2),
      rss === null ? '-' : (rss / 1e6).toFixed(0),
    ]),
  ]
  const verdicts = promised.map(
    ({ name, value, target, atLeast, holds }) =>
      `${name.padEnd(40)}${value} (at ${atLeast ? 'least' : 'most'} ${target}): ${holds ? 'holds' : 'MISSED'}`,
  )
  return [...lines.map(cells), '', ...verdicts].join('\n').trimEnd()
}

/** How late frames came, for a person to read. */
export function streamsTable(streams: readonly Streams[]): string {
  const lines = [
    ['paced streams', 'late p50 ms', 'p99 ms', 'worst ms', 'broken'],
    ...streams.map(({ target, p50, p99, worst, broken }) => [
      target,
      p50.toFixed(1),
      p99.toFixed(1),
      worst.toFixed(0),
      `${broken}`,
    ]),
  ]
  return lines.map(cells).join('\n')
}

const cells = (line: string[]): string =>
  line.map((cell, index) => (index ? cell.padStart(15) : cell.padEnd(14))).join('')

const ratio = (a: number | null | undefined, b: number | null | undefined) => (a && b ? a / b : undefined)

const minus = (a: number | undefined, b: number | undefined) =>
  a === undefined || b === undefined ? undefined : a - b
