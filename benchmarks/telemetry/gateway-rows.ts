import { quantile } from '../traffic/quantile.ts'
import { most, type Promised } from './report.ts'

/**
 * What is measured: the raw proxy; the gateway with nothing on, in two processes, so that their difference shows what a difference means; with everything on;
 * and with more than that: with a line of the log for each request, and with every request sampled.
 */
export const ways = ['bare', 'off', 'off, again', 'on', 'on, a line each', 'on, all sampled'] as const

/** One of `ways`. */
export type Way = (typeof ways)[number]

/** Requests a second. */
export const rates = [200, 1_000] as const

/** One way in one round: CPU µs a request, and quantiles of the latency in ms at each of `rates`. */
export interface Round {
  readonly round: number
  readonly way: Way
  readonly cpu: number
  readonly p50: readonly number[]
  readonly p99: readonly number[]
}

/** Bytes. */
export interface Memory {
  readonly rss: number
  readonly heap: number
}

/** What a process of that way held, before and after its requests. */
export interface Held {
  readonly way: Way
  readonly idle: Memory
  readonly after: Memory
}

/** A figure over all rounds; `over` is what it is of the same round's `off`: its quartiles. */
export interface Figure {
  readonly value: number
  readonly over: readonly [low: number, middle: number, high: number]
}

/** All figures of one way; latencies by rate. */
export interface WayRow {
  readonly way: Way
  readonly cpu: Figure
  readonly p50: readonly Figure[]
  readonly p99: readonly Figure[]
}

/** What was found, for `promises` and `table`. */
export interface GatewayRows {
  readonly rows: readonly WayRow[]
  /** What `on` held more than the `off` of its pair: medians, in bytes. */
  readonly memory: { readonly off: Held; readonly idle: Memory; readonly after: Memory }
}

/** The medians of all rounds, and of all pairs of processes. */
export function gatewayRows(rounds: readonly Round[], held: readonly Held[]): GatewayRows {
  const offs = rounds.filter(({ way }) => way === 'off')
  const row = (way: Way): WayRow => {
    const own = rounds.filter((round) => round.way === way)
    const figure = (of: (round: Round) => number): Figure => {
      const ratios = own.map((each) => of(each) / of(offs.find(({ round }) => round === each.round)!))
      const over = [quantile(ratios, 0.25), quantile(ratios, 0.5), quantile(ratios, 0.75)] as const
      return { value: quantile(own.map(of), 0.5), over }
    }
    return {
      way,
      cpu: figure(({ cpu }) => cpu),
      p50: rates.map((_, at) => figure(({ p50 }) => p50[at]!)),
      p99: rates.map((_, at) => figure(({ p99 }) => p99[at]!)),
    }
  }
  const off = held.filter(({ way }) => way === 'off')
  const on = held.filter(({ way }) => way === 'on')
  const middle = (of: (pair: number) => number) => quantile([...off.keys()].map(of), 0.5)
  const more = (when: 'idle' | 'after'): Memory => ({
    rss: middle((pair) => on[pair]![when].rss - off[pair]![when].rss),
    heap: middle((pair) => on[pair]![when].heap - off[pair]![when].heap),
  })
  return {
    rows: ways.map(row),
    memory: { off: off[0]!, idle: more('idle'), after: more('after') },
  }
}

/** What Holdfast promises of a gateway with everything on, beside the same with nothing on. */
export function gatewayPromises({ rows, memory }: GatewayRows): Promised[] {
  const on = rows.find(({ way }) => way === 'on')!
  const latencies = rates.flatMap((rate, at) => [
    most(`gateway, p50 at ${rate}/s, times off`, on.p50[at]!.over[1], 1.02),
    most(`gateway, p99 at ${rate}/s, times off`, on.p99[at]!.over[1], 1.02),
  ])
  return [
    most('gateway, CPU a request, times off', on.cpu.over[1], 1.08),
    ...latencies,
    most('gateway, resident memory more than off, MB', memory.after.rss / 1e6, 5),
  ]
}

/** The rows for a person to read. */
export function gatewayTable({ rows, memory }: GatewayRows): string {
  const figures = ({ cpu, p50, p99 }: WayRow) => [cpu, ...rates.flatMap((_, at) => [p50[at]!, p99[at]!])]
  const heads = ['CPU µs', ...rates.flatMap((rate) => [`p50 ms @${rate}/s`, `p99 ms @${rate}/s`])]
  const lines = (cell: (figure: Figure) => string) =>
    rows.map((row) => cells([`  ${row.way}`, ...figures(row).map(cell)]))
  const held = (name: string, { rss, heap }: Memory) =>
    `  ${name.padEnd(40)}${megabytes(rss)} resident, ${megabytes(heap)} heap`
  const again = figures(rows.find(({ way }) => way === 'off, again')!)
  const noise = again.map(({ over: [, middle] }) => `${(Math.abs(middle - 1) * 100).toFixed(1)} %`)
  return [
    cells(['a request to the gateway', ...heads]),
    ...lines(({ value }) => value.toFixed(value < 10 ? 3 : 1)),
    '',
    'what that is of the same round with nothing on: quartiles over the rounds',
    ...lines(({ over }) => over.map((ratio) => ratio.toFixed(3)).join(' ')),
    cells(['less says nothing', ...noise]),
    '',
    'memory of a gateway after a collection',
    held('off, idle', memory.off.idle),
    held('off, after its requests', memory.off.after),
    held('on, more than that, idle', memory.idle),
    held('on, more than that, after its requests', memory.after),
  ].join('\n')
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`.padStart(10)
}

function cells([name = '', ...figures]: readonly string[]): string {
  return name.padEnd(26) + figures.map((figure) => figure.padStart(22)).join('')
}
