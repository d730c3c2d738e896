import { HoldfastError } from '@holdfast/policy'
import { runningStatus } from './running.ts'
import type { TraceSummary, TraceView } from './trace-view.ts'

/** The last traces of the Holdfast that runs a file, the latest first. Rejects with `NOT_RUNNING` where none does. */
export async function runningTraces(file: string, limit: number): Promise<readonly TraceSummary[]> {
  const answer = await asked(file, `traces?limit=${limit}`)
  if (!answer.ok) throw silent(`the answer was ${answer.status}`)
  return ((await answer.json()) as { readonly traces: readonly TraceSummary[] }).traces
}

/** One trace; `undefined` if it is not kept. */
export async function runningTrace(file: string, id: string): Promise<TraceView | undefined> {
  const answer = await asked(file, `traces/${encodeURIComponent(id)}`)
  if (answer.status === 404) return undefined
  if (!answer.ok) throw silent(`the answer was ${answer.status}`)
  return (await answer.json()) as TraceView
}

/** Less than people wait, in ms: while the edge is away, its held socket takes connections that nobody answers. */
const patience = 5_000

async function asked(file: string, what: string): Promise<Response> {
  const { listen } = await runningStatus(file)
  const signal = AbortSignal.timeout(patience)
  return fetch(`http://${listen.control}/api/v1/${what}`, { signal }).catch((error: unknown) => {
    throw silent(error instanceof Error ? error.message : String(error))
  })
}

function silent(why: string): HoldfastError {
  return new HoldfastError(
    'EDGE_SILENT',
    `the edge, which keeps the traces, did not tell them: ${why}`,
    'See with `holdfast status` whether the edge is up.',
  )
}
