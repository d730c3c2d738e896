import type { TraceRecord, TracesAsked } from '@holdfast/telemetry/tracing'
import type { FastifyInstance } from 'fastify'
import { traceSummary, traceView } from './trace-view.ts'

/** The traces that were kept and are asked for, the latest first. */
export type TraceSource = (asked: TracesAsked) => Promise<readonly TraceRecord[]>

/** `GET /api/v1/traces?limit=50`, the latest first, and `GET /api/v1/traces/:id`. A trace that is not kept is a 404. */
export function traceRoutes(app: FastifyInstance, traces: TraceSource): void {
  const list = { summary: 'The last requests to the gateway that were kept as traces.', querystring }
  app.get<{ Querystring: { limit?: string } }>('/api/v1/traces', { schema: list }, async ({ query }) => {
    const { limit = usual } = query
    return { traces: (await traces({ most: Number(limit) })).map(traceSummary) }
  })

  const one = { summary: 'One trace: its spans, and what happened in them.' }
  app.get<{ Params: { id: string } }>('/api/v1/traces/:id', { schema: one }, async ({ params }, reply) => {
    const found = traceView(await traces({ id: params.id }), params.id)
    if (found) return found
    const what = `No trace '${params.id.slice(0, 100)}' is kept`
    const message = `${what}: it may be too old, or not sampled; GET /api/v1/traces lists those there are.`
    return reply.code(404).send({ error: { code: 'unknown_trace', message } })
  })
}

const usual = 50
/** A query is text. */
const querystring = {
  type: 'object',
  additionalProperties: false,
  properties: {
    limit: { type: 'string', pattern: '^[1-9][0-9]{0,3}$', description: '1 to 9999; 50 by default' },
  },
}
