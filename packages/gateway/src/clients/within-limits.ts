import { activeSpan } from '@holdfast/telemetry/traces'
import type { ChatRequest } from '../chat-request.ts'
import type { Happening } from '../gateway-event.ts'
import type { Reply } from '../reply.ts'
import { limitHeaders } from './limit-headers.ts'
import { limitRefusal } from './limit-refusal.ts'

/** A request, its answer, and who hears of it. */
export interface Asking {
  readonly request: ChatRequest
  readonly reply: Reply
  readonly tell: (event: Happening) => void
}

/**
 * Answers a request within the limits of its client, or says which of them it is over. That is said before anybody is asked, so it is no link's failure,
 * and nothing of ours tries it again. `answer` tells how many tokens it took, if that is known.
 */
export async function withinLimits(
  { request, reply, tell }: Asking,
  answer: () => Promise<number | undefined>,
): Promise<void> {
  const { client, dialect, model } = request
  if (!client) return void (await answer())
  const carry = (): void => reply.carry(limitHeaders(client.standings(), dialect, Date.now()))
  const excess = await client.admit(request, () => {
    carry()
    return answer()
  })
  if (!excess) return
  carry()
  const { limit, headers, error } = limitRefusal(client.name, excess, Date.now())
  activeSpan()?.setAttribute('holdfast.limit', limit)
  reply.sendError(429, headers, error)
  tell({ type: 'client.refused', client: client.name, chain: model, limit })
}
