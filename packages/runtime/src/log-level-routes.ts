import { levels } from '@holdfast/telemetry/lines'
import type { FastifyInstance } from 'fastify'
import type { LogLevelChange, LogLevels } from './log-levels.ts'

/** The levels of the log, wherever they are kept. `change` rejects with the code `UNKNOWN_SERVICE`. */
export interface LogLevelSwitch {
  levels(): Promise<LogLevels>
  change(change: LogLevelChange): Promise<LogLevels>
}

/** `GET` and `PUT /api/v1/log-level`. A service that there is not is a 404. */
export function logLevelRoutes(app: FastifyInstance, log: LogLevelSwitch): void {
  const path = '/api/v1/log-level'
  app.get(path, { schema: { summary: 'The least level that is told, of all and by service.' } }, () =>
    log.levels(),
  )
  const schema = { summary: 'Changes it, from the next line on.', body }
  app.put<{ Body: LogLevelChange }>(path, { schema }, async ({ body: change }, reply) => {
    try {
      return await log.change(change)
    } catch (error) {
      const { code, message } = Object(error) as { code?: unknown; message?: unknown }
      if (code !== 'UNKNOWN_SERVICE' && code !== 'BAD_LOG_LEVEL') throw error
      return reply
        .code(code === 'UNKNOWN_SERVICE' ? 404 : 400)
        .send({ error: { code: code.toLowerCase(), message } })
    }
  })
}

const body = {
  type: 'object',
  required: ['level'],
  additionalProperties: false,
  properties: {
    level: { type: 'string', enum: [...levels, 'default'] },
    service: { type: 'string', minLength: 1 },
  },
}
