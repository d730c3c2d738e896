import swagger from '@fastify/swagger'
import { exposition } from '@holdfast/telemetry'
import fastify, { type FastifyInstance } from 'fastify'
import { families } from './metrics.ts'
import type { Status } from './status.ts'

/** The HTTP contract for operators: `/api/v1/health`, `/api/v1/status`, `/api/v1/openapi.json` and `/metrics`. Reads only. */
export async function controlApi(status: () => Promise<Status>): Promise<FastifyInstance> {
  const app = fastify({ logger: false })
  const metrics = exposition(async () => families(await status()))
  await app.register(swagger, {
    openapi: { openapi: '3.1.0', info: { title: 'Holdfast control API', version: '1' } },
  })

  app.get(
    '/api/v1/health',
    {
      schema: {
        summary: 'How well each part is; 503 when a chain cannot answer.',
        response: { 200: health, 503: health },
      },
    },
    async (_, reply) => {
      const { level, components } = await status()
      return reply.code(level === 'unhealthy' ? 503 : 200).send({ status: level, components })
    },
  )
  app.get('/api/v1/status', { schema: { summary: 'Processes, services, chains and their counts.' } }, () =>
    status(),
  )
  app.get('/api/v1/openapi.json', { schema: { hide: true } }, () => app.swagger())
  app.get('/metrics', { schema: { summary: 'The same numbers for Prometheus.' } }, async (_, reply) =>
    reply.type(metrics.contentType).send(await metrics.text()),
  )

  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({
      error: {
        code: 'unknown_path',
        message: `There is no ${request.method} ${request.url.split('?', 1)[0]} here; GET /api/v1/openapi.json lists what there is.`,
      },
    }),
  )
  app.setErrorHandler((error, _, reply) => {
    console.error('control API:', error)
    return reply.code(503).send({
      error: {
        code: 'unavailable',
        message: 'The status cannot be told right now; try again in a second.',
      },
    })
  })
  await app.ready()
  return app
}

const level = { type: 'string', enum: ['healthy', 'degraded', 'unhealthy'] }

const health = {
  type: 'object',
  required: ['status', 'components'],
  properties: {
    status: level,
    components: {
      type: 'array',
      items: {
        type: 'object',
        required: ['name', 'kind', 'level'],
        properties: { name: { type: 'string' }, kind: { type: 'string' }, level, reason: { type: 'string' } },
      },
    },
  },
}
