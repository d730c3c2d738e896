import type { ChatRequest } from '../chat-request.ts'
import { estimatedTokens } from '../clients/estimated-tokens.ts'
import { costOf } from './price.ts'
import type { Tariff } from './tariff.ts'
import { unused } from './used.ts'

/**
 * What a request of a client with a limit of spend may cost, in millionths, before anything is known: its prompt and the longest answer that it allows, or
 * a usual one where it does not say, by the dearest link. Never more than the whole limit, so that a client that always allows long answers gets one.
 */
export function mayCost(request: ChatRequest, tariff: Tariff): number {
  const { spend } = request.client ?? {}
  if (!spend) return 0
  const { input, output } = estimatedTokens(request)
  const used = { ...unused, input, output: Math.min(output, longest) }
  const dearest = Math.max(0, ...[...tariff.values()].map(({ price }) => costOf(price, used)))
  return Math.min(dearest, Math.ceil(spend.amount * 1_000_000))
}

/** No answer takes more tokens, whatever a request says; so nothing here is infinite. */
const longest = 1_000_000_000
