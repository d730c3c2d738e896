// HTTP: what a pipeline and all that goes with it cost over bare fetch and bare undici, against a server of its own process. See README.md.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { wrap } from '@holdfast/policy'
import { resilientDispatch, resilientFetch } from '@holdfast/transport/fetch'
import { Agent, Dispatcher1Wrapper, request } from 'undici'

/** One figure: the median over all rounds, and how it compares with the bare driver's in the same rounds. */
export interface FetchRow {
  readonly library: string
  readonly name: string
  readonly unit: 'calls/s' | 'µs of CPU'
  readonly value: number
  readonly ratio: number
}

interface Subject {
  readonly library: string
  readonly get: () => Promise<unknown>
}

/** `calls` in each of `rounds` rounds by each way in turn. The row named `… over bare` is what promises are made of. */
export async function fetchRows(plan: {
  readonly calls: number
  readonly rounds: number
}): Promise<FetchRow[]> {
  const child = spawn(
    process.execPath,
    [...process.execArgv, join(import.meta.dirname, 'fetch-answerer.ts')],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const [port] = await once(createInterface(child.stdout!), 'line')
  const base = `http://127.0.0.1:${port}`
  try {
    return [
      ...(await compared('fetch', fetchSubjects(base), plan)),
      ...(await compared('request', requestSubjects(base), plan)),
    ]
  } finally {
    child.kill()
  }
}

function fetchSubjects(base: string): Subject[] {
  const guarded = resilientFetch(undefined, { base })
  const naked = resilientFetch(wrap(), { base })
  const dispatcher = new Dispatcher1Wrapper(new Agent({ allowH2: false }))
  const ended = () => ({ dispatcher, signal: new AbortController().signal }) as unknown as RequestInit
  return [
    { library: 'fetch', get: async () => (await fetch(`${base}/x`)).text() },
    // The floor: what can be ended, over connections of one's own.
    { library: 'fetch with a signal', get: async () => (await fetch(`${base}/x`, ended())).text() },
    { library: 'holdfast', get: async () => (await guarded('/x')).text() },
    { library: 'holdfast, no policies', get: async () => (await naked('/x')).text() },
  ]
}

function requestSubjects(base: string): Subject[] {
  const bare = new Agent()
  const guarded = new Agent().compose(resilientDispatch(undefined, { base }))
  const naked = new Agent().compose(resilientDispatch(wrap(), { base }))
  const asked = (library: string, dispatcher: typeof guarded): Subject => ({
    library,
    get: async () => (await request(`${base}/x`, { dispatcher })).body.text(),
  })
  return [asked('undici', bare as never), asked('holdfast', guarded), asked('holdfast, no policies', naked)]
}

async function compared(
  kind: string,
  subjects: readonly Subject[],
  { calls, rounds }: { readonly calls: number; readonly rounds: number },
): Promise<FetchRow[]> {
  const rows: FetchRow[] = []
  for (const inFlight of [1, 20]) {
    const name = `${kind}, ${inFlight} in flight`
    for (const { get } of subjects) await run(get, calls, inFlight)
    const measured = subjects.map(() => ({ rate: [] as number[], cpu: [] as number[] }))
    for (let round = 0; round < rounds; round++)
      for (let turn = 0; turn < subjects.length; turn++) {
        const at = (turn + round) % subjects.length
        const { rate, cpu } = await run(subjects[at]!.get, calls, inFlight)
        measured[at]!.rate.push(rate)
        measured[at]!.cpu.push(cpu)
      }
    const [base] = measured
    for (const [at, { library }] of subjects.entries()) {
      const { rate, cpu } = measured[at]!
      const against = (mine: number[], theirs: number[], how: (a: number, b: number) => number) =>
        median(mine.map((each, n) => how(each, theirs[n]!)))
      const share = (a: number, b: number) => a / b
      const ratio = against(cpu, base!.cpu, share)
      rows.push({
        library,
        name,
        unit: 'calls/s',
        value: median(rate),
        ratio: against(rate, base!.rate, share),
      })
      rows.push({ library, name, unit: 'µs of CPU', value: median(cpu), ratio })
      const over = against(cpu, base!.cpu, (a, b) => a - b)
      if (at > 0) rows.push({ library, name: `${name}, over bare`, unit: 'µs of CPU', value: over, ratio })
    }
  }
  return rows
}

/** Calls a second, and microseconds of this process's CPU for each. */
async function run(
  get: () => Promise<unknown>,
  calls: number,
  inFlight: number,
): Promise<{ rate: number; cpu: number }> {
  let left = calls
  const one = async (): Promise<void> => {
    while (left-- > 0) await get()
  }
  const before = process.cpuUsage()
  const began = performance.now()
  await Promise.all(Array.from({ length: inFlight }, one))
  const took = performance.now() - began
  const { user, system } = process.cpuUsage(before)
  return { rate: (calls / took) * 1_000, cpu: (user + system) / calls }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!
}
