import { describe, expect, it } from 'vitest'
import { logger } from './logger.ts'
import { structuredLog } from './structured-log.ts'

function told(say: (log: ReturnType<typeof structuredLog>) => void): unknown {
  let line = ''
  const destination = {
    write(text: string) {
      line += text
    },
  }
  say(structuredLog(logger({ service: 'bridge', destination, now: () => 0 })))
  return JSON.parse(line)
}
const around = { service: 'bridge', time: '1970-01-01T00:00:00.000Z', pid: process.pid }

describe('structuredLog', () => {
  it('tells what was done with a model', () => {
    expect(
      told((log) => log.modelOperation({ operation: 'load', model: 'qwen', ok: true, ms: 1_200 })),
    ).toEqual({
      ...around,
      ...{ level: 'info', event: 'model_operation', operation: 'load', model: 'qwen', outcome: 'success' },
      ...{ duration_ms: 1_200, msg: 'model load succeeded' },
    })
    expect(
      told((log) =>
        log.modelOperation({ operation: 'verify', model: 'q', ok: false, ms: 3, error: new Error('no') }),
      ),
    ).toMatchObject({
      level: 'error',
      outcome: 'failure',
      err: { message: 'no' },
      msg: 'model verify failed',
    })
  })

  it('tells how an autonomous task ended', () => {
    expect(told((log) => log.autonomousTask({ task: 't', ok: true, ms: 5, rounds: 2, model: 'q' }))).toEqual({
      ...around,
      ...{ level: 'info', event: 'autonomous_task', task: 't', model: 'q', rounds: 2, outcome: 'success' },
      ...{ duration_ms: 5, msg: 'autonomous task succeeded' },
    })
    expect(
      told((log) => log.autonomousTask({ task: 't', ok: false, ms: 5, rounds: 2, error: 'x' })),
    ).toMatchObject({
      ...{ level: 'error', outcome: 'failure', err: 'x', msg: 'autonomous task failed' },
    })
  })

  it('tells what went wrong, without secrets', () => {
    const error = new Error('password=hunter2')

    expect(
      told((log) => log.error({ operation: 'sync', error, details: { token: 'abc', page: 3 } })),
    ).toMatchObject({
      ...{ level: 'error', event: 'error', operation: 'sync', outcome: 'failure', msg: 'sync failed' },
      ...{ details: { token: '[redacted]', page: 3 }, err: { message: 'password=[redacted]' } },
    })
    expect(told((log) => log.error({ operation: 'sync', error }))).not.toHaveProperty('details')
  })
})
