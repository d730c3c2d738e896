import { probeAnswer } from '@holdfast/telemetry/health'
import type { FastifyInstance } from 'fastify'
import type { EdgeHealth } from './edge-health.ts'

/** `GET /api/v1/health`, 503 when unhealthy, and `/livez` and `/readyz` as the gateway has them. */
export function healthRoutes(app: FastifyInstance, health: Omit<EdgeHealth, 'drain' | 'govern'>): void {
  const summary = 'How well each part is; 503 when a chain cannot answer.'
  app.get('/api/v1/health', { schema: { summary, response } }, async (_, reply) => {
    const view = await health.report()
    return reply
      .code(view.status === 'unhealthy' ? 503 : 200)
      .header('cache-control', 'no-store')
      .send(view)
  })

  for (const [path, word, ask, told] of [
    ['/livez', 'alive', 'live', 'Whether this process works; nothing outside of it counts.'],
    ['/readyz', 'ready', 'ready', 'Whether to send requests to the gateway; 503 when not, and why.'],
  ] as const) {
    app.get(path, { schema: { summary: told } }, async ({ headers }, reply) => {
      const { status, headers: of, body } = probeAnswer(word, await health[ask](), headers.accept)
      return reply.code(status).headers(of).send(body)
    })
  }
}

const levels = ['healthy', 'degraded', 'unhealthy']
const level = { type: 'string', enum: levels }
const text = { type: 'string' }
const ms = { type: 'number' }
const component = {
  type: 'object',
  required: ['name', 'kind', 'level', 'critical', 'took', 'age'],
  properties: {
    name: text,
    kind: text,
    level: { type: 'string', enum: [...levels, 'unknown'] },
    reason: text,
    critical: { type: 'boolean' },
    took: ms,
    age: ms,
    details: { type: 'object', additionalProperties: true },
  },
}
const health = {
  type: 'object',
  required: ['status', 'components'],
  properties: { status: level, components: { type: 'array', items: component } },
}
const response = { 200: health, 503: health }
