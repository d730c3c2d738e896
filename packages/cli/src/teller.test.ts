import type { GovernorEvent } from '@holdfast/runtime'
import { describe, expect, it } from 'vitest'
import { type Teller, teller } from './teller.ts'

const told = (how: { json: boolean; colours?: boolean }, tell: (teller: Teller) => void): string[] => {
  const lines: string[] = []
  tell(
    teller({
      json: how.json,
      colours: how.colours === true,
      say: (text) => void lines.push(text),
      now: () => 0,
    }),
  )
  return lines
}
const people = (tell: (teller: Teller) => void): string[] => told({ json: false }, tell)
const machines = (tell: (teller: Teller) => void): unknown[] =>
  told({ json: true }, tell).map((line) => JSON.parse(line))
const time = '1970-01-01T00:00:00.000Z'

const service = 'ai'
const events: readonly (readonly [GovernorEvent, string | undefined])[] = [
  [{ type: 'service.started', service, pid: 7 }, undefined],
  [{ type: 'service.ready', service, after: 120.6 }, 'ai is ready after 121 ms'],
  [
    { type: 'service.exited', service, after: 999, code: 3, signal: null, wanted: false },
    'ai ended (exit code 3) after 999 ms',
  ],
  [
    { type: 'service.exited', service, after: 61_000, code: null, signal: 'SIGKILL', wanted: false },
    'ai ended (SIGKILL) after 61 s',
  ],
  [
    { type: 'service.restarting', service, delay: 0, attempt: 1, reason: 'exit', why: 'killed by SIGKILL' },
    'ai starts again at once (killed by SIGKILL)',
  ],
  [
    { type: 'service.restarting', service, delay: 20.4, attempt: 2, reason: 'start', why: 'no' },
    'ai starts again in 20 ms, restart 2 in a row (no)',
  ],
  [{ type: 'service.stopped', service }, 'ai has stopped'],
  [{ type: 'service.stopped', service, replica: 2 }, 'ai (replica 2) has stopped'],
  [{ type: 'spare.started', service, pid: 7 }, undefined],
  [{ type: 'spare.failed', service, why: 'no' }, 'ai has no spare: no'],
  [{ type: 'service.scaled', service, from: 1, to: 3, why: 'so' }, 'ai goes from 1 to 3 replicas (so)'],
  [{ type: 'load.failed', service, why: 'no route' }, 'ai does not tell its load: no route'],
  [{ type: 'load.recovered', service }, 'ai tells its load again'],
  [{ type: 'service.ailing', service, why: 'no answer' }, 'ai does not answer as it should: no answer'],
  [{ type: 'service.recovered', service }, 'ai is well again'],
  [{ type: 'service.done', service }, 'ai is done'],
  [{ type: 'service.gave-up', service, why: 'no use' }, 'ai is not started again: no use'],
  [{ type: 'service.failed', service, why: 'no sign of life' }, 'ai failed: no sign of life'],
  [
    { type: 'record.failed', why: 'disk full' },
    'what runs cannot be written down (disk full): after a kill -9, processes may be left behind',
  ],
  [
    { type: 'log.failed', service, why: 'disk full' },
    'what ai writes cannot be kept (disk full): lines are dropped',
  ],
  [{ type: 'log.recovered', service, lost: 3 }, 'what ai writes is kept again, 3 lines are missing'],
]

describe('teller', () => {
  it.each(events)('has words for $type', (event, words) => {
    expect(
      people((tell) => tell.event(event)).map((line) => line.replace(/^\S+ \w+ +holdfast /, '')),
    ).toEqual(words === undefined ? [] : [`${words}\n`])
  })

  it('tells people when, how bad, who, what, and the few fields that say more', () => {
    const fields = { port: 1, correlation_id: 'c-1', trace_id: 'a', pid: 7, event: 'x' }

    expect(people((tell) => tell.line({ level: 'warn', service, msg: 'hi', fields }))).toEqual([
      '00:00:00.000 warn  ai hi port=1 correlation_id=c-1\n',
    ])
  })

  it('tells bad news as errors', () => {
    const bad = events.flatMap(([event]) =>
      people((tell) => tell.event(event)).some((line) => line.includes(' error ')) ? event.type : [],
    )

    expect(new Set(bad)).toEqual(
      new Set([
        'service.exited',
        'service.failed',
        'service.gave-up',
        'spare.failed',
        'record.failed',
        'log.failed',
      ]),
    )
    expect(
      told({ json: false, colours: true }, (tell) =>
        tell.event({ type: 'service.failed', service, why: 'no' }),
      )[0],
    ).toContain('\x1b[31merror')
  })

  it('tells an end that was wanted as no error, whatever it looks like', () => {
    const event = {
      type: 'service.exited',
      service,
      after: 1,
      code: null,
      signal: 'SIGTERM',
      wanted: true,
    } as const

    expect(people((tell) => tell.event(event))[0]).toMatch(/ info +holdfast ai ended \(SIGTERM\)/)
  })

  it('says which replica wrote a line', () => {
    const wrote = { level: 'info', service, replica: 2, msg: 'x', fields: { replica: 'own' } } as const

    expect(people((tell) => void tell.line(wrote))[0]).toMatch(/ info +ai\.2 +x replica=own/)
    expect(machines((tell) => void tell.line(wrote))).toEqual([
      { time, level: 'info', service, replica: 2, msg: 'x', type: 'service.wrote', replica_: 'own' },
    ])
  })

  it('tells machines everything, one JSON object a line', () => {
    const fields = { type: 'own', trace_id: 'a', correlation_id: 'c-1', pid: 7 }
    const lines = machines((tell) => {
      for (const [event] of events) tell.event(event)
      tell.line({ level: 'info', service, msg: 'a "quoted"\u2028\n', fields })
      tell.line({ level: 'info', service, time: '2026-01-01T00:00:00.000Z', msg: 'x', fields: {} })
      tell.note('ready', 'gateway http://127.0.0.1:4700/v1')
    })

    const around = { time, level: expect.any(String), msg: expect.any(String) }
    expect(lines).toEqual([
      ...events.map(([event]) => ({ ...around, service: 'holdfast', ...event })),
      {
        ...{ time, level: 'info', service, msg: 'a "quoted"\u2028\n', type: 'service.wrote', type_: 'own' },
        ...{ trace_id: 'a', correlation_id: 'c-1', pid: 7 },
      },
      { time: '2026-01-01T00:00:00.000Z', level: 'info', service, msg: 'x', type: 'service.wrote' },
      { time, level: 'info', service: 'holdfast', msg: 'gateway http://127.0.0.1:4700/v1', type: 'ready' },
    ])
  })
})
