import { type Call, HoldfastError } from '@holdfast/policy'
import { lingering } from '../patience.ts'
import { ProviderFailure } from '../provider-failure.ts'
import type { ModelLink } from './ask-models.ts'
import { AttemptLimits } from './attempt-limits.ts'
import type { Model, ModelCall, Part } from './language-model.ts'
import type { Listener } from './listener.ts'
import { modelFailure } from './model-failure.ts'
import type { Outlet } from './outlet.ts'
import { PartReader, says } from './part-reader.ts'

/** What `doStream` of a model answers with. */
export type Streamed = Awaited<ReturnType<Model['doStream']>>

/** Where the answer goes. */
export interface Showing {
  readonly outlet: Outlet
  readonly listener: Listener
  /** There is something to read; only the first time it is said counts. */
  readonly begin: (streamed: Streamed) => void
}

export interface StreamCall {
  readonly call: Call
  readonly options: ModelCall
  /** Whether the options hold what the caller has, to be gone on with. */
  readonly continues: boolean
  /** Adds to the last part who gave the answer. */
  readonly sign: (part: Part) => Part
}

/** The effects of one attempt at a stream: reading, limits, and settling once. What its parts mean is the reader's business. */
export async function streamAttempt(
  { outlet, listener, begin }: Showing,
  { name, model, clock, patience }: ModelLink<Model>,
  { call, options, continues, sign }: StreamCall,
): Promise<void> {
  const limits = new AttemptLimits({ link: name, clock, signal: call.signal })
  let source: ReadableStreamDefaultReader<Part> | undefined
  let behind = false
  try {
    const { started, resumable } = listener.transcript
    if (started && !resumable) throw beyondRepair(name)
    if (started && !listener.hear(limits)) throw tooLate(name)
    const reader = new PartReader(name, listener, continues)
    limits.expect('the first token', patience.firstToken)
    const streamed = await limits.until(opened(model, options, limits))
    source = streamed.stream.getReader()
    while (!reader.whole) {
      const { done, value } = await limits.until(source.read())
      if (done) throw reader.ended()
      const began = reader.began
      if (says(value) && !listener.hear(limits)) throw tooLate(name)
      const parts = reader.take(value)
      if (reader.began && !began) limits.expect('the next token', patience.idle)
      else if (began) limits.alive()
      for (const part of parts) {
        begin(streamed)
        if (outlet.write(sign(part))) continue
        behind = true
        limits.pause()
        await limits.until(outlet.drained())
        limits.resume()
        behind = false
      }
    }
    limits.end(true)
    void closed(source, clock)
  } catch (error) {
    limits.end(false)
    source?.cancel().catch(() => {})
    const failure = modelFailure(error, name)
    if (!behind || failure.class !== 'timeout') throw failure
    outlet.breakOff(tooSlow())
  }
}

/** A stream that comes when nobody waits for it any more is closed. */
async function opened(model: Model, options: ModelCall, limits: AttemptLimits): Promise<Streamed> {
  const streamed = await model.doStream({ ...options, abortSignal: limits.signal })
  if (limits.over) streamed.stream.cancel().catch(() => {})
  return streamed
}

/** The answer is whole. A provider that closes its stream soon keeps its connection, to be used again. */
async function closed(
  source: ReadableStreamDefaultReader<Part>,
  clock: ModelLink<Model>['clock'],
): Promise<void> {
  const give = clock.after(lingering, () => void source.cancel().catch(() => {}))
  try {
    while (!(await source.read()).done);
  } catch {
    // Whatever went wrong after the end costs nobody anything.
  } finally {
    give()
  }
}

/** A pipeline of somebody's own may try again whatever it is told. */
function beyondRepair(link: string): ProviderFailure {
  return new ProviderFailure({
    class: 'permanent',
    message: `${link} cannot go on with what the caller has`,
    code: 'DIVERGED',
  })
}

function tooLate(link: string): ProviderFailure {
  return new ProviderFailure({
    class: 'cancelled',
    message: `${link}: another attempt of the same call answers already`,
  })
}

/** The provider did its part in time; the caller took so long to read that the attempt ran out of time. */
function tooSlow(): HoldfastError {
  return new HoldfastError(
    'CALLER_TOO_SLOW',
    'The answer was not read in time.',
    'Read the stream without waiting for something else in between, or raise `timeout.total`.',
  )
}
