import type { Family } from '@holdfast/telemetry'
import type { Route } from './served.ts'

/** What nginx logs for a client that went away before it had an answer. */
const wentAway = 499

/** Counts the answers that clients got, by route and status. */
export class ResponseCounts {
  readonly #counts = new Map<string, Map<number, number>>()

  /** The route, and from now on its answers are counted under that name. */
  counted(name: string, route: Route): Route {
    const codes = new Map<number, number>()
    this.#counts.set(name, codes)
    const add = (code: number): void => void codes.set(code, (codes.get(code) ?? 0) + 1)
    return async (request, response, reply) => {
      try {
        await route(request, response, reply)
      } catch (error) {
        add(reply.begun ? response.statusCode : 500)
        throw error
      }
      add(reply.begun ? response.statusCode : wentAway)
    }
  }

  family(): Family {
    const samples = [...this.#counts].flatMap(([route, codes]) =>
      [...codes].map(([code, value]) => ({ labels: { route, code: String(code) }, value })),
    )
    return {
      name: 'holdfast_gateway_responses_total',
      help: 'Answers that clients got, by status; 499 for a client that went away before it had one.',
      type: 'counter',
      samples,
    }
  }
}
