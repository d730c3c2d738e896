/** A row: something to await, over and over. */
export interface Timed {
  readonly name: string
  readonly library: string
  readonly call: () => Promise<unknown>
  /** What it answers with is a rejection, to be caught. */
  readonly rejects?: boolean
}

/** Nanoseconds a call, over all passes. */
export interface Timing {
  readonly median: number
  readonly min: number
}

/** How long to measure: calls in a pass at most, passes to warm up, rounds. */
export interface Effort {
  readonly calls: number
  readonly warmUp: number
  readonly rounds: number
}

type Pass = (calls: number) => Promise<void>

/** A pass of a slow row has fewer calls, so that it takes this many ms at most. */
const LONGEST = 60

/**
 * Times all rows in turn, one pass each a round, so that what else the machine does hits all alike; so do the rounds that only warm up.
 *
 * Garbage is collected before a row's first pass and never by force after it: a forced collection throws compiled code away and shows about twice the
 * true cost, for everybody.
 */
export async function time(rows: readonly Timed[], effort: Effort): Promise<Timing[]> {
  const measured = rows.map((row) => ({ pass: loop(row), calls: effort.calls, ns: [] as number[] }))
  for (const each of measured) {
    collectGarbage()
    each.calls = fitting(await timePass(each.pass, 100), effort.calls)
  }
  for (let round = -effort.warmUp; round < effort.rounds; round++) {
    for (const each of measured) {
      const ns = await timePass(each.pass, each.calls)
      if (round < 0) each.calls = fitting(ns, effort.calls)
      else each.ns.push(ns)
    }
  }
  return measured.map(({ ns }) => ({ median: median(ns), min: Math.min(...ns) }))
}

function fitting(ns: number, most: number): number {
  return Math.max(100, Math.min(most, Math.floor((LONGEST * 1e6) / ns)))
}

/** Calls begun together, all held by a gate that the next turn of the event loop opens. */
export interface Gated {
  readonly name: string
  readonly library: string
  readonly begin: (work: () => Promise<void>) => Promise<unknown>
}

/** `count` calls in flight at once, from the first begun to the last settled, the rows in turn. */
export async function timeTogether(
  rows: readonly Gated[],
  { count, passes }: { count: number; passes: number },
): Promise<Timing[]> {
  const ns: number[][] = rows.map(() => [])
  collectGarbage()
  for (let pass = -WARM; pass < passes; pass++) {
    for (const [index, { begin }] of rows.entries()) {
      const once = await crowd(begin, count)
      if (pass >= 0) ns[index]!.push(once)
    }
  }
  return ns.map((each) => ({ median: median(each), min: Math.min(...each) }))
}

const WARM = 40

async function crowd(begin: Gated['begin'], count: number): Promise<number> {
  const gate = Promise.withResolvers<void>()
  const work = async () => {
    await gate.promise
  }
  const calls = new Array<Promise<unknown>>(count)
  const start = performance.now()
  for (let call = 0; call < count; call++) calls[call] = begin(work)
  setImmediate(gate.resolve)
  await Promise.all(calls)
  return ((performance.now() - start) * 1e6) / count
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

export function collectGarbage(): void {
  if (globalThis.gc === undefined) throw new Error('garbage cannot be collected: start with --expose-gc')
  globalThis.gc()
}

async function timePass(pass: Pass, calls: number): Promise<number> {
  const start = performance.now()
  await pass(calls)
  return ((performance.now() - start) * 1e6) / calls
}

/** Each row has code of its own, so that what V8 learns of one row's call does not slow another's. */
function loop({ name, call, rejects = false }: Timed): Pass {
  const body = rejects ? 'try { await call() } catch {}' : 'await call()'
  const source = `return async (calls) => { for (let i = 0; i < calls; i++) { ${body} } } // ${name}`
  return new Function('call', source)(call) as Pass
}
