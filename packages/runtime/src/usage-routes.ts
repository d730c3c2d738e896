import { type UsageAsked, type UsageTold, usageAsked } from '@holdfast/gateway/usage'
import type { FastifyInstance } from 'fastify'

/** What is written in the ledger, and is asked for. */
export type UsageSource = (asked: UsageAsked) => UsageTold

/** `GET /api/v1/usage?by=client,chain,link,model,day&from=2026-11-01&to=2026-11-30&client=alice`. A question that cannot be answered is a 400. */
export function usageRoutes(app: FastifyInstance, usage: UsageSource): void {
  const summary = 'Who used how much, and what it cost.'
  const schema = { summary, querystring }
  app.get<{ Querystring: Readonly<Record<string, unknown>> }>(
    '/api/v1/usage',
    { schema },
    async ({ query }, reply) => {
      const asked = usageAsked(query, Date.now())
      if (typeof asked !== 'string') return { ...asked, ...usage(asked) }
      return reply.code(400).send({ error: { code: 'bad_request', message: `${asked}.` } })
    },
  )
}

const querystring = {
  type: 'object',
  properties: {
    by: {
      type: 'string',
      description: 'some of day, client, chain, link, model, with commas; client,chain by default',
    },
    from: { type: 'string', description: 'a day, UTC: 2026-11-21; the first of this month by default' },
    to: { type: 'string', description: 'the last day that counts' },
    client: { type: 'string', description: 'of this client alone; empty for requests without a key' },
  },
}
