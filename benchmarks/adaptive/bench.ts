// When does each trip open, and what does that cost? See README.md.
import { parseArgs } from 'node:util'
import { adaptive, consecutive, countWindow, type Trip, timeWindow } from '@holdfast/policy'
import { loadShapes, type Score, scoreboard, seededRandom } from '@holdfast/policy/testing'

const { values: options } = parseArgs({
  options: { seeds: { type: 'string', default: '20' }, quick: { type: 'boolean', default: false } },
})
const seeds = options.quick ? 2 : Number(options.seeds)
if (!Number.isInteger(seeds) || seeds < 1) {
  console.error(`bench: --seeds must be a whole number from 1, not '${options.seeds}'`)
  process.exit(1)
}

const trips: Record<string, Trip> = {
  adaptive: adaptive(),
  'adaptive, refused is lost': adaptive({ rise: 0.5, latency: false }),
  'consecutive 5': consecutive(5),
  '100 calls, 50 %': countWindow({ calls: 100, failureRate: 0.5 }),
  '10 s, 50 %': timeWindow({ duration: 10_000, failureRate: 0.5, minimumCalls: 10 }),
  '10 s, 20 %': timeWindow({ duration: 10_000, failureRate: 0.2, minimumCalls: 10 }),
}

/** Calls after which a trip is taken not to open at all: 14 minutes. */
const MOST = 16_800

const rows = scoreboard(trips, loadShapes, seeds)
const targets = judgement()
console.log(table(rows))
console.log(`\n${swiftness()}`)
console.log(
  `\n${seeds} runs each; times and losses are of the middle and the average run, false trips of all runs.\n`,
)
for (const { name, value, target, holds } of targets) {
  console.log(`${holds ? 'holds' : 'MISSED'}  ${name}: ${value}, target ${target}`)
}
console.log(JSON.stringify({ name: 'adaptive', seeds, rows, targets }))

/** After half an hour at 20 calls a second, of which one in 200 fails: how many calls each trip needs when more do. */
function swiftness(): string {
  const shares = [1, 0.5, 0.2, 0.1, 0.06, 0.03]
  const lines = Object.entries(trips).map(([name, trip]) => {
    const cells = shares.map((share) => {
      const runs = Array.from({ length: seeds }, (_, seed) => callsUntilOpen(trip, share, seed + 1))
      const opened = runs.filter((calls) => calls < MOST)
      const mean = opened.reduce((sum, calls) => sum + calls, 0) / opened.length
      return opened.length === 0
        ? 'never'
        : `${mean.toFixed(0)}${opened.length < seeds ? ` (${opened.length} of ${seeds})` : ''}`
    })
    return `| ${name} | ${cells.join(' | ')} |`
  })
  const head = `| calls until it opens, if this share fails | ${shares.map((share) => `${share * 100} %`).join(' | ')} |`
  return [head, `|---|${'---|'.repeat(shares.length)}`, ...lines].join('\n')
}

function callsUntilOpen(trip: Trip, share: number, seed: number): number {
  const random = seededRandom(seed)
  let now = 0
  const gauge = trip.gauge({ now: () => now, after: () => () => {} })
  const call = (failing: number) => {
    now += 50
    return gauge.record(random() < failing, 100)
  }
  for (let calm = 0; calm < 36_000; calm++) if (call(0.005)) gauge.clear()
  for (let calls = 1; calls < MOST; calls++) if (call(share)) return calls
  return MOST
}

/** What an adaptive trip must do: see README.md. */
function judgement() {
  const of = (shape: string, trip = 'adaptive') =>
    rows.find((row) => row.shape === shape && row.trip === trip)!
  const fixed = (shape: string) =>
    rows.filter((row) => row.shape === shape && !row.trip.startsWith('adaptive'))
  const leastFallback = Math.min(...fixed('deploy spike').map(({ fallback }) => fallback))
  return [
    ...loadShapes.map(({ name }) => atMost(`${name}: false trips`, of(name).falseTrips, 0)),
    ...['slow leak', '10 % outage', 'low rate'].map((shape) => {
      const { inTime, runs } = of(shape)
      return { name: `${shape}: opened in time`, value: inTime!, target: runs, holds: inTime === runs }
    }),
    atMost(
      '10 % outage: losses with fallback',
      of('10 % outage').fallback,
      of('10 % outage', '10 s, 50 %').fallback,
    ),
    atMost('deploy spike: losses with fallback', of('deploy spike').fallback, leastFallback * 1.1),
    atMost('low rate: losses', of('low rate').alone, of('low rate', 'consecutive 5').alone * 1.25),
  ]
}

function atMost(name: string, value: number, target: number) {
  return { name, value: Math.round(value), target: Math.round(target), holds: value <= target }
}

function table(scores: readonly Score[]): string {
  const head =
    '| shape | trip | opened in | in time | false trips | failed | good refused | s wasted | losses | with fallback |'
  const line = '|---|---|---|---|---|---|---|---|---|---|'
  return [head, line, ...scores.map(row)].join('\n')
}

function row(score: Score): string {
  const { detected, runs, inTime, detectedAfter } = score
  const often = detected === runs ? '' : ` (${detected} of ${runs})`
  const cells = [
    score.shape,
    score.trip,
    detectedAfter === undefined ? 'never' : `${duration(detectedAfter)}${often}`,
    inTime === undefined ? '' : `${inTime} of ${runs}`,
    score.falseTrips,
    ...[score.failed, score.goodRefused, score.wasted, score.alone, score.fallback].map((n) => n.toFixed(0)),
  ]
  return `| ${cells.join(' | ')} |`
}

function duration(ms: number): string {
  return ms < 100_000 ? `${(ms / 1_000).toFixed(1)} s` : `${(ms / 60_000).toFixed(1)} min`
}
