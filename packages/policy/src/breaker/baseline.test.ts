import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Baseline } from './baseline.ts'

const HALF_LIFE = 1_800_000
const BATCH = HALF_LIFE / 32

/** Tells `baseline` of a batch of calls, of which the first `failures` fail, and ends it at `now`. */
function batch(
  baseline: Baseline,
  now: number,
  { calls = 100, failures = 0, ms = 100, suspicious = false } = {},
): boolean {
  for (let call = 0; call < calls; call++) {
    if (call < failures) baseline.failed()
    else baseline.succeededIn(ms)
  }
  if (suspicious) baseline.suspect()
  return baseline.end(now)
}

/** One that has had `batches` of 100 calls each, as given. */
function learned(batches: number, each: Parameters<typeof batch>[2] = {}) {
  const baseline = new Baseline(HALF_LIFE, 0)
  for (let n = 1; n <= batches; n++) batch(baseline, n * BATCH, each)
  return { baseline, now: batches * BATCH }
}

describe('Baseline', () => {
  it('knows nothing at first, and takes a fifth of calls for failures', () => {
    const baseline = new Baseline(HALF_LIFE, 0)

    expect([baseline.failing, baseline.slow, baseline.latency]).toEqual([0.2, 0.2, 0])
    expect(baseline.slowAfter).toBe(Infinity)
  })

  it('takes shares for higher than seen, the less the more calls it has seen (I4)', () => {
    const after = (batches: number) => learned(batches).baseline.failing

    expect(after(1)).toBeCloseTo(4 / 120)
    expect(learned(1).baseline.slow).toBeCloseTo(0.2)
    expect(after(5)).toBeLessThan(after(3))
    expect(after(100)).toBeCloseTo(4 / (1_000 / Math.LN2 + 20), 5)
  })

  it('learns the first batch at once, and later ones only after the next (I1)', () => {
    const { baseline, now } = learned(1)
    const before = baseline.failing

    expect(batch(baseline, now + BATCH, { failures: 50 })).toBe(false)
    expect(baseline.failing).toBe(before)
    expect(batch(baseline, now + 2 * BATCH)).toBe(true)
    expect(baseline.failing).toBeGreaterThan(0.2)
  })

  it('learns a suspicious batch, and the one before it, at a quarter of the weight (I2)', () => {
    const after = (suspicious: { before?: boolean; own?: boolean; next?: boolean }) => {
      const { baseline, now } = learned(100)
      batch(baseline, now + BATCH, { suspicious: suspicious.before })
      batch(baseline, now + 2 * BATCH, { failures: 40, suspicious: suspicious.own })
      batch(baseline, now + 3 * BATCH, { suspicious: suspicious.next })
      return baseline.failing - learned(100).baseline.failing
    }
    const whole = after({})

    expect(after({ own: true }) / whole).toBeCloseTo(0.25, 1)
    expect(after({ next: true }) / whole).toBeCloseTo(0.25, 1)
    expect(after({ before: true }) / whole).toBeCloseTo(1, 1)
  })

  it('replaces half of what it knew in a half-life, however many calls there are (I3)', () => {
    const { baseline, now } = learned(100, { calls: 1_000, failures: 100 })
    for (let n = 1; n <= 33; n++) batch(baseline, now + n * BATCH, { calls: 1_000 })

    expect(baseline.failing).toBeCloseTo(0.05, 2)
  })

  it('replaces half of what it knew in 500 calls where these take longer than that (I3)', () => {
    const { baseline, now } = learned(100, { failures: 10 })
    for (let n = 1; n <= 6; n++) batch(baseline, now + n * 10 * HALF_LIFE)

    expect(baseline.failing).toBeCloseTo(0.05, 2)
  })

  it('learns what calls take, and that four times as long is slow, and more where it varies', () => {
    const steady = learned(10).baseline
    const varying = new Baseline(HALF_LIFE, 0)
    for (let call = 0; call < 100; call++) varying.succeededIn(call % 2 === 0 ? 50 : 200)
    varying.end(BATCH)

    expect(steady.latency).toBeCloseTo(100)
    expect(steady.slowAfter).toBeCloseTo(400, 0)
    expect(varying.latency).toBeCloseTo(100)
    expect(varying.slowAfter).toBeCloseTo(1_600, 0)
  })

  it('learns slow calls as just slow', () => {
    const { baseline, now } = learned(100)
    batch(baseline, now + BATCH, { ms: Infinity })
    batch(baseline, now + 2 * BATCH)

    expect(baseline.slow).toBeGreaterThan(0.015)
    expect(baseline.latency).toBeLessThan(105)
  })

  it('hears no difference below 10 ms', () => {
    for (const ms of [0, 1, -5, Number.NaN]) expect(learned(3, { ms }).baseline.slowAfter).toBeCloseTo(40)
  })

  it('learns no times from calls that nobody timed', () => {
    const baseline = new Baseline(HALF_LIFE, 0)
    for (let call = 0; call < 100; call++) baseline.succeeded()

    expect(baseline.end(BATCH)).toBe(true)
    expect(baseline.failing).toBeLessThan(0.04)
    expect(baseline.slowAfter).toBe(Infinity)
  })

  it('does not end a batch before its time, by calls or by the clock', () => {
    const baseline = new Baseline(HALF_LIFE, 0)
    for (let call = 1; call < 100; call++) {
      baseline.failed()
      expect(baseline.due).toBe(call === 50)
    }

    expect(baseline.end(BATCH - 1)).toBe(false)
    expect(baseline.end(BATCH)).toBe(true)
  })

  it('begins its batch again when the clock goes back', () => {
    const baseline = new Baseline(HALF_LIFE, 1e9)

    expect(batch(baseline, 0)).toBe(false)
    expect(batch(baseline, BATCH)).toBe(true)
  })

  it('can be loosened, and given another half-life', () => {
    const { baseline, now } = learned(2)
    baseline.loosen(3)
    baseline.fade(10 * HALF_LIFE)

    expect(baseline.slowAfter).toBeCloseTo(1_200, 0)
    expect(batch(baseline, now + BATCH)).toBe(false)
    expect(batch(baseline, now + 10 * BATCH)).toBe(true)
  })

  it('stays finite, whatever it is told (I5)', () => {
    const wild = fc.oneof(fc.double(), fc.constantFrom(0, Infinity, -Infinity, Number.NaN, 1e308, 5e-324))
    const call = fc.record({ failed: fc.boolean(), ms: wild, now: wild, loosen: fc.boolean() })
    const property = fc.property(fc.array(call, { minLength: 1, maxLength: 50 }), (calls) => {
      const baseline = new Baseline(1, 0)
      for (const { failed, ms, now, loosen } of calls) {
        if (failed) baseline.failed()
        else baseline.succeededIn(ms)
        if (loosen) baseline.loosen(1 + Math.abs(ms))
        baseline.end(now)
        for (const share of [baseline.failing, baseline.slow]) {
          expect(share).toBeGreaterThan(0)
          expect(share).toBeLessThan(1)
        }
        expect(Number.isFinite(baseline.latency)).toBe(true)
        expect(baseline.slowAfter).toBeGreaterThan(0)
      }
    })
    fc.assert(property, { seed: 1, numRuns: 300 })
  })
})
