// When does each trip open, and what does that cost? See README.md.
import { parseArgs } from 'node:util'
import { consecutive, countWindow, type Trip, timeWindow } from '@holdfast/policy'
import { loadShapes, type Score, scoreboard } from '@holdfast/policy/testing'

const { values: options } = parseArgs({
  options: { seeds: { type: 'string', default: '20' }, quick: { type: 'boolean', default: false } },
})
const seeds = options.quick ? 2 : Number(options.seeds)
if (!Number.isInteger(seeds) || seeds < 1) {
  console.error(`bench: --seeds must be a whole number from 1, not '${options.seeds}'`)
  process.exit(1)
}

const trips: Record<string, Trip> = {
  'consecutive 5': consecutive(5),
  '100 calls, 50 %': countWindow({ calls: 100, failureRate: 0.5 }),
  '10 s, 50 %': timeWindow({ duration: 10_000, failureRate: 0.5, minimumCalls: 10 }),
  '10 s, 20 %': timeWindow({ duration: 10_000, failureRate: 0.2, minimumCalls: 10 }),
}

const rows = scoreboard(trips, loadShapes, seeds)
console.log(table(rows))
console.log(
  `\n${seeds} runs each; times and losses are of the middle and the average run, false trips of all runs.\n`,
)
console.log(JSON.stringify({ name: 'adaptive', seeds, rows, targets: [] }))

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
