import { activeSpan } from '@holdfast/telemetry/traces'
import { traceWorthALook } from '../answer-notes.ts'
import type { ChatRequest } from '../chat-request.ts'
import type { Happening } from '../gateway-event.ts'
import type { Ended, Tally } from '../tally.ts'
import type { Served } from './chain-cache.ts'

export interface Reused {
  readonly chain: { readonly name: string; readonly tally: Tally }
  readonly request: ChatRequest
  readonly served: Exclude<Served, { is: 'asked' }>
  readonly ms: number
  readonly tell: (event: Happening) => void
}

/** Says to the counts and the listener how a request ended for which no link was asked. */
export function concludeReuse({ chain, request, served, ms, tell }: Reused): void {
  const { name, tally } = chain
  const event = eventOf(served)
  const outcome =
    event.type === 'chain.reused' ? 'answered' : (event.type.slice('chain.'.length) as Ended['outcome'])
  const span = activeSpan()
  span?.setAttributes({
    'holdfast.chain': name,
    'holdfast.attempts': 0,
    'holdfast.outcome': outcome,
    'holdfast.cache': served.is,
  })
  tally.ended({ outcome, ms, journey: nobodyAsked, traceId: traceWorthALook(span) })
  const whose = request.client && { client: request.client.name }
  tell({ failures: [], ...event, chain: name, ...whose, attempts: 0, ms })
}

const nobodyAsked = { attempts: 0, failures: [], cut: false }

/** Those who joined fare like the one who was asked for. */
function eventOf(served: Reused['served']) {
  if (served.is === 'left') return { type: 'chain.cancelled' } as const
  if (served.is === 'hit') return { type: 'chain.reused', how: 'hit', link: served.link } as const
  const { ended } = served
  if (ended.type !== 'chain.answered') return ended
  return { type: 'chain.reused', how: 'joined', link: ended.link } as const
}
