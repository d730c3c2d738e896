import { withContext } from '@holdfast/policy/context'
import { context as otel, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type LoggerOptions, logger } from './logger.ts'

type Entry = Readonly<Record<string, unknown>>

function listening(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = []
  const log = logger({
    ...{ service: 'api', now: () => 0, destination: { write: (line: string) => lines.push(line) } },
    ...options,
  })
  return { log, lines, told: (): Entry[] => lines.map((line) => JSON.parse(line) as Entry) }
}
const around = { level: 'info', time: '1970-01-01T00:00:00.000Z', service: 'api', pid: process.pid }
const ids = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', sampled: true }

describe('logger', () => {
  it('tells messages, fields and values as JSON, one object a line', () => {
    const { log, lines, told } = listening()

    log.info('started')
    log.info({ port: 1 }, 'listening on %s, %d', 'all', 3)
    log.info('%s of %j', 'one', { a: 1 })
    log.info(7)

    expect(told()).toEqual([
      { ...around, msg: 'started' },
      { ...around, port: 1, msg: 'listening on all, 3' },
      { ...around, msg: 'one of {"a":1}' },
      { ...around, value: 7 },
    ])
    expect(lines.every((line) => line.endsWith('}\n') && line.indexOf('\n') === line.length - 1)).toBe(true)
  })

  it('has no name twice on a line, and no message without end', () => {
    const { log, lines, told } = listening()

    log.info({ msg: 'own' }, 'given')
    log.child({ msg: 'own' }).info('given')
    log.info({ msg: 'alone' })
    log.info('many words '.repeat(100_000))

    expect(told().slice(0, 3)).toEqual([
      { ...around, msg_: 'own', msg: 'given' },
      { ...around, msg_: 'own', msg: 'given' },
      { ...around, msg: 'alone' },
    ])
    expect(lines.slice(0, 3).map((line) => line.match(/"msg":/g)?.length)).toEqual([1, 1, 1])
    expect(lines[3]?.length).toBeLessThan(66_000)
    expect(told()[3]?.['msg']).toMatch(/more characters\]$/)
  })

  it('tells an error with its message and its causes', () => {
    const { log, told } = listening()

    log.error(new Error('outer', { cause: new TypeError('inner') }))
    log.error({ err: new Error('held') })
    log.error(new Error('x'), 'while %s', 'saving')

    expect(told()).toMatchObject([
      {
        level: 'error',
        msg: 'outer',
        err: { type: 'Error', message: 'outer', cause: { type: 'TypeError' } },
      },
      { msg: 'held', err: { message: 'held' } },
      { msg: 'while saving', err: { message: 'x' } },
    ])
  })

  it('says which request it is about', () => {
    const { log, told } = listening()

    withContext({ trace: ids, correlation: 'c-1' }, () => log.info('inside'))
    log.info('outside')

    expect(told()).toEqual([
      { ...around, trace_id: ids.traceId, span_id: ids.spanId, correlation_id: 'c-1', msg: 'inside' },
      { ...around, msg: 'outside' },
    ])
  })

  it('prefers the active span to the context, and the context to a span that is none', () => {
    otel.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
    onTestFinished(() => otel.disable())
    const { log, told } = listening()
    const inSpan = (traceId: string) => {
      const span = trace.wrapSpanContext({ traceId, spanId: '1'.repeat(16), traceFlags: 1 })
      withContext({ trace: ids }, () => otel.with(trace.setSpan(otel.active(), span), () => log.info('x')))
    }

    inSpan('f'.repeat(32))
    inSpan('0'.repeat(32))

    expect(told()).toMatchObject([
      { trace_id: 'f'.repeat(32), span_id: '1'.repeat(16) },
      { trace_id: ids.traceId, span_id: ids.spanId },
    ])
  })

  it('tells no secret, wherever it stands', () => {
    const { log, lines } = listening({ redact: ['ssn'] })
    const secret = 'sk-proj-abcdef1234567890'

    log.info(`key ${secret}`)
    log.info('key %s %j', secret, { password: 'hunter2' })
    log.info({ headers: { authorization: 'hunter2' }, url: 'https://a:hunter2@h', ssn: 'hunter2' }, secret)
    log.child({ token: 'hunter2', note: secret }).error(new Error(secret, { cause: 'password=hunter2' }))
    log.info({ [secret]: 1 })
    log.info('login failed: password=%s', 'hunter2')

    expect(lines).toHaveLength(6)
    expect(lines.join('')).not.toMatch(/hunter2|abcdef1234567890/)
  })

  it('lets no field pass for one of its own', () => {
    const { log, told } = listening()

    log.info({ level: 'fatal', service: 'bank', time: 'never', trace_id: 'x' }, 'm\n{"level":"fatal"}')
    log.child({ service: 'bank' }).info('x')

    expect(told()).toEqual([
      {
        ...around,
        ...{
          level_: 'fatal',
          service_: 'bank',
          time_: 'never',
          trace_id: 'x',
          msg: 'm\n{"level":"fatal"}',
        },
      },
      { ...around, service_: 'bank', msg: 'x' },
    ])
  })

  it('changes its level while it runs, for its children as well', () => {
    const { log, told } = listening({ level: 'warn' })
    const child = log.child({ part: 'db' }).child({ table: 'x' })

    child.info('no')
    log.level = 'debug'
    child.debug('yes')
    child.level = 'silent'
    log.fatal('no')
    log.silent('no')

    expect(told()).toEqual([{ ...around, level: 'debug', part: 'db', table: 'x', msg: 'yes' }])
    expect(log.level).toBe('silent')
  })

  it('never throws, whatever it is given and wherever it writes', () => {
    const { log, told } = listening()
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    const cycle: Record<string, unknown> = { big: 1n }
    cycle['self'] = cycle
    const evil = {
      toString() {
        throw new Error('no')
      },
    }
    const broken = logger({ service: 'x', destination: { write: () => evil.toString() } })

    for (const value of [
      undefined,
      null,
      proxy,
      cycle,
      evil,
      Symbol('s'),
      () => 1,
      [1],
      Object.create(null),
    ]) {
      log.info(value)
      log.info({ value }, 'message')
      log.info('%s', value)
      log.info({}, evil)
    }
    broken.info('lost')

    expect(told()).toHaveLength(36)
    expect(log.status()).toEqual({ written: 36, dropped: 0 })
    expect(broken.status()).toEqual({ written: 0, dropped: 1 })
  })

  it('writes for people when asked to', () => {
    const { log, lines } = listening({ pretty: true })

    log.warn({ port: 1 }, 'slow')

    expect(lines).toEqual(['00:00:00.000 warn  api slow port=1\n'])
  })

  it('refuses options that make no sense', () => {
    expect(() => logger({ service: '' })).toThrow('logger.service')
    expect(() => logger({ service: 'x', level: 'loud' as 'info' })).toThrow('logger.level')
    expect(() => logger({ service: 'x', levels: 1 } as LoggerOptions)).toThrow('logger.levels')
    const { log } = listening()
    expect(() => {
      log.level = 'toString' as 'info'
    }).toThrow('logger.level')
  })
})
