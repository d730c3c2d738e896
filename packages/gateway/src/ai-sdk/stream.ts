import type { Call } from '@holdfast/policy'
import { final, refusesPrefill } from '../final-failure.ts'
import { type Asking, askModels, type ModelLink } from './ask-models.ts'
import type { Model, ModelCall, Part } from './language-model.ts'
import { Listener } from './listener.ts'
import { nextCall } from './next-call.ts'
import { Outlet } from './outlet.ts'
import { prefilledCall } from './prefilled-call.ts'
import { signed } from './signature.ts'
import { type Showing, type Streamed, streamAttempt } from './stream-attempt.ts'

/**
 * A streamed answer. It resolves with the first content, so that what fails before that costs its caller nothing but time; what fails later is gone on
 * with by the same model or the next, or else ends the stream with an error.
 */
export function stream(asking: Asking<Model>, options: ModelCall): Promise<Streamed> {
  const { signal } = asking
  return new Promise((resolve, reject) => {
    const gone = new AbortController()
    const outlet = new Outlet((reason) =>
      gone.abort(reason ?? new DOMException('nobody reads it', 'AbortError')),
    )
    const leave = (): void => gone.abort(signal.reason)
    if (signal.aborted) leave()
    else signal.addEventListener('abort', leave, { once: true })
    let begun = false
    const begin = ({ request, response }: Streamed): void => {
      begun = true
      resolve({ stream: outlet.stream, ...(request && { request }), ...(response && { response }) })
    }
    const showing = { outlet, begin, listener: new Listener() }
    const asked = { ...asking, listener: showing.listener, signal: gone.signal }
    askModels(asked, attempts(showing, asked, options))
      .then(
        () => outlet.end(),
        (error: unknown) => {
          if (!begun) reject(error)
          else if (gone.signal.aborted) outlet.abort(gone.signal.reason)
          else outlet.breakOff(error)
        },
      )
      .finally(() => signal.removeEventListener('abort', leave))
  })
}

/** One attempt after another for the same caller; a prefill that a model refuses is left out from then on. */
function attempts(
  showing: Showing,
  { journey, links }: Asking<Model>,
  options: ModelCall,
): (link: ModelLink<Model>, call: Call) => Promise<void> {
  const { transcript } = showing.listener
  const prefilling = new Set(links.filter(({ prefill }) => prefill !== undefined))
  return async function attempt(link, call) {
    const beginning =
      prefilling.has(link) && transcript.started
        ? prefilledCall(options, transcript.text, { form: link.prefill!, provider: link.model.provider })
        : undefined
    const sign = (part: Part): Part =>
      part.type === 'finish'
        ? { ...part, providerMetadata: signed(part.providerMetadata, journey, link.name) }
        : part
    const next = nextCall(journey, beginning ?? options)
    try {
      const continues = beginning !== undefined
      await streamAttempt(showing, link, { call, options: next, continues, sign })
    } catch (error) {
      if (beginning !== undefined && refusesPrefill(error)) {
        prefilling.delete(link)
        return attempt(link, call)
      }
      if (!transcript.started) throw error
      journey.cut = true
      throw transcript.resumable ? error : final(error)
    }
  }
}
