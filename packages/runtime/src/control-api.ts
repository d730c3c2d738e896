import swagger from '@fastify/swagger'
import type { Exposition } from '@holdfast/telemetry'
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply } from 'fastify'
import type { EdgeHealth } from './edge-health.ts'
import { healthRoutes } from './health-routes.ts'
import { isLocalHost } from './local-host.ts'
import { type LogLevelSwitch, logLevelRoutes } from './log-level-routes.ts'
import { policyRoutes, type Steering } from './policy-routes.ts'
import type { Status } from './status.ts'
import { type TraceSource, traceRoutes } from './trace-routes.ts'
import { type UsageSource, usageRoutes } from './usage-routes.ts'

export interface ControlApiOptions {
  readonly status: () => Promise<Status>
  readonly health: Omit<EdgeHealth, 'drain' | 'govern'>
  readonly steering: Steering
  readonly metrics: Pick<Exposition, 'page'>
  /** Keeps none by default. */
  readonly traces?: TraceSource
  /** Without it there is no `/api/v1/log-level`. */
  readonly logLevels?: LogLevelSwitch
  /** Without it there is no `/api/v1/usage`. */
  readonly usage?: UsageSource
  /** Hears what could not be told, and why. */
  readonly complain?: (error: unknown) => void
}

/**
 * The HTTP contract for operators: `/api/v1/health`, `/api/v1/status`, `/api/v1/policies`, `/api/v1/traces`, `/api/v1/log-level`, `/api/v1/usage`, `/api/v1/openapi.json`, `/metrics`, `/livez` and `/readyz`.
 *
 * A `Host` that is neither a number nor localhost is a 403, an unknown path a 404, a body that does not fit a 400, and a `status` that rejects a 503, all as `{ error: { code, message } }`.
 */
export async function controlApi({
  status,
  health,
  steering,
  metrics,
  traces = async () => [],
  logLevels,
  usage,
  complain = () => {},
}: ControlApiOptions): Promise<FastifyInstance> {
  // A body is what it says: nothing is made to fit.
  const ajv = { customOptions: { coerceTypes: false, removeAdditional: false } } as const
  const app = fastify({
    logger: false,
    ajv,
    frameworkErrors: ({ statusCode = 400 }, _, reply) =>
      void (reply as FastifyReply).code(statusCode).send(unreadable),
  })
  await app.register(swagger, {
    openapi: { openapi: '3.1.0', info: { title: 'Holdfast control API', version: '1' } },
  })

  app.addHook('onRequest', async ({ headers }, reply) => {
    if (isLocalHost(headers.host)) return undefined
    const message = 'Ask for this address by number, or as localhost: a name could be anybody’s.'
    return reply.code(403).send({ error: { code: 'foreign_host', message } })
  })

  healthRoutes(app, health)
  app.get('/api/v1/status', { schema: { summary: 'Processes, services, chains and their counts.' } }, () =>
    status(),
  )
  policyRoutes(app, steering)
  traceRoutes(app, traces)
  if (logLevels) logLevelRoutes(app, logLevels)
  if (usage) usageRoutes(app, usage)
  app.get('/api/v1/openapi.json', { schema: { hide: true } }, () => app.swagger())
  const numbers =
    'The same numbers, and those of all named policies, for Prometheus; in OpenMetrics if asked.'
  app.get('/metrics', { schema: { summary: numbers } }, async ({ headers }, reply) => {
    const { contentType, text } = await metrics.page(headers.accept)
    return reply.type(contentType).send(text)
  })

  app.setNotFoundHandler(({ method, url }, reply) => {
    const what = `There is no ${method} ${url.split('?', 1)[0]} here`
    const message = `${what}; GET /api/v1/openapi.json lists what there is.`
    return reply.code(404).send({ error: { code: 'unknown_path', message } })
  })
  app.setErrorHandler((error: FastifyError, _, reply) => {
    const { statusCode = 500, message: why } = error
    if (statusCode < 500) return reply.code(statusCode).send({ error: { code: 'bad_request', message: why } })
    complain(error)
    const message = 'The status cannot be told right now; try again in a second.'
    return reply.code(503).send({ error: { code: 'unavailable', message } })
  })
  await app.ready()
  return app
}

const unreadable = {
  error: {
    code: 'bad_request',
    message: 'This path cannot be read; GET /api/v1/openapi.json lists what there is.',
  },
}
