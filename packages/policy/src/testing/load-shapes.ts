const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** What calls meet at one moment. */
export interface Conditions {
  /** Calls a second. */
  readonly rate: number
  /** The share of calls that fail, from 0 to 1. */
  readonly failing: number
  /** Half of the calls that succeed take longer than this, in ms. */
  readonly latency: number
  /** How long a call takes that fails, in ms. */
  readonly failsAfter: number
}

/** An hour, or a day, in the life of what is called: what a trip is judged on. Times are ms from its start. */
export interface LoadShape {
  readonly name: string
  readonly duration: number
  /** When something is truly wrong. A breaker that opens at another time opened for nothing. */
  readonly fault?: { readonly from: number; readonly until: number }
  /** By when a breaker ought to have opened, if it ought to. */
  readonly openBy?: number
  at(time: number): Conditions
}

const calm: Conditions = { rate: 20, failing: 0.005, latency: 100, failsAfter: 100 }

function ramp(time: number, from: number, until: number): number {
  return Math.min(1, Math.max(0, (time - from) / (until - from)))
}

/**
 * Traffic goes up and down tenfold in a day; latency goes with it from 100 to 300 ms, background failures from 0.5 to 1.5 %.
 * That is an ordinary day: no trip is right.
 */
export const dailyWave: LoadShape = {
  name: 'daily wave',
  duration: 24 * HOUR,
  at(time) {
    const height = (1 - Math.cos((2 * Math.PI * time) / (24 * HOUR))) / 2
    return {
      rate: 1 + 9 * height,
      failing: 0.005 + 0.01 * height,
      latency: 100 + 200 * height,
      failsAfter: 100,
    }
  },
}

/**
 * After half a calm hour, failures creep from 1 to 40 % and latency from 100 ms to 5 s within an hour.
 * A breaker ought to open before a fifth of the calls fail, and not before failures have doubled.
 */
export const slowLeak: LoadShape = {
  name: 'slow leak',
  duration: 90 * MINUTE,
  fault: { from: 30 * MINUTE + (0.01 / 0.39) * HOUR, until: Infinity },
  openBy: 30 * MINUTE + (0.19 / 0.39) * HOUR,
  at(time) {
    const grown = ramp(time, 30 * MINUTE, 90 * MINUTE)
    const latency = 100 + 4_900 * grown
    return { rate: 20, failing: 0.01 + 0.39 * grown, latency, failsAfter: latency }
  },
}

/**
 * One of ten backends dies for ten minutes: failures jump from 0.5 to 10 %, each at once.
 * A breaker ought to open within half a minute: twenty times as many failures as ever is a fault, though nine calls of ten succeed. Whether
 * that pays depends on what a refused call costs; both prices are shown.
 */
export const tenPercentOutage: LoadShape = {
  name: '10 % outage',
  duration: HOUR,
  fault: { from: 30 * MINUTE, until: 40 * MINUTE },
  openBy: 30 * MINUTE + 30 * SECOND,
  at: (time) => (time >= 30 * MINUTE && time < 40 * MINUTE ? { ...calm, failing: 0.1, failsAfter: 5 } : calm),
}

/**
 * A deploy: for 20 s, 30 % of calls fail at once and the others take twice as long; then all is well again.
 * Opening is neither right nor wrong: what it costs decides. After it there is nothing to open for.
 */
export const deploySpike: LoadShape = {
  name: 'deploy spike',
  duration: HOUR,
  fault: { from: 30 * MINUTE, until: 30 * MINUTE + 20 * SECOND },
  at: (time) =>
    time >= 30 * MINUTE && time < 30 * MINUTE + 20 * SECOND
      ? { ...calm, failing: 0.3, latency: 200, failsAfter: 5 }
      : calm,
}

/**
 * Three calls in ten seconds, 2 % of them failing by chance; for ten minutes of the hour all fail, after a second each.
 * A breaker ought to open within 45 s, which is 13 calls or so, and never for single failures.
 */
export const lowRate: LoadShape = {
  name: 'low rate',
  duration: HOUR,
  fault: { from: 30 * MINUTE, until: 40 * MINUTE },
  openBy: 30 * MINUTE + 45 * SECOND,
  at: (time) =>
    time >= 30 * MINUTE && time < 40 * MINUTE
      ? { rate: 0.3, failing: 1, latency: 100, failsAfter: 1_000 }
      : { rate: 0.3, failing: 0.02, latency: 100, failsAfter: 100 },
}

/** The five shapes that trips are judged on. */
export const loadShapes: readonly LoadShape[] = [dailyWave, slowLeak, tenPercentOutage, deploySpike, lowRate]
