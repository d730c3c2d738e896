import type { GovernorEvent } from '@holdfast/runtime'
import { describe, expect, it } from 'vitest'
import { paint } from './paint.ts'
import { type Teller, teller } from './teller.ts'

const told = (how: { json: boolean; colours?: boolean }, tell: (teller: Teller) => void): string[] => {
  const lines: string[] = []
  tell(teller({ json: how.json, paint: paint(how.colours === true), say: (line) => lines.push(line) }))
  return lines
}

const service = 'ai'
const events: readonly (readonly [GovernorEvent, string | undefined])[] = [
  [{ type: 'service.started', service, pid: 7 }, undefined],
  [{ type: 'service.ready', service, after: 120.6 }, 'ai is ready after 121 ms'],
  [
    { type: 'service.exited', service, after: 999, code: 3, signal: null },
    'ai ended (exit code 3) after 999 ms',
  ],
  [
    { type: 'service.exited', service, after: 61_000, code: null, signal: 'SIGKILL' },
    'ai ended (SIGKILL) after 61 s',
  ],
  [{ type: 'service.restarting', service, delay: 0, attempt: 1 }, 'ai starts again at once'],
  [
    { type: 'service.restarting', service, delay: 20.4, attempt: 2 },
    'ai starts again in 20 ms, restart 2 in a row',
  ],
  [{ type: 'service.stopped', service }, 'ai has stopped'],
  [{ type: 'service.failed', service, why: 'no sign of life' }, 'ai failed: no sign of life'],
  [
    { type: 'record.failed', why: 'disk full' },
    'what runs cannot be written down (disk full): after a kill -9, processes may be left behind',
  ],
]

describe('teller', () => {
  it.each(events)('has words for $type', (event, words) => {
    expect(told({ json: false }, (tell) => tell.event(event))).toEqual(
      words === undefined ? [] : [`holdfast | ${words}`],
    )
  })

  it('puts the name in front of what a service writes', () => {
    expect(told({ json: false }, (tell) => tell.line({ service, stream: 'stderr', line: 'hi' }))).toEqual([
      'ai | hi',
    ])
  })

  it('tells bad news in red', () => {
    const red = events.flatMap(([event]) =>
      told({ json: false, colours: true }, (tell) => tell.event(event)).some((line) =>
        line.includes('\x1b[31m'),
      )
        ? event.type
        : [],
    )

    expect(new Set(red)).toEqual(new Set(['service.exited', 'service.failed', 'record.failed']))
  })

  it('tells machines everything, one JSON object with type and time a line, without colours', () => {
    const lines = told({ json: true, colours: true }, (tell) => {
      for (const [event] of events) tell.event(event)
      tell.line({ service, stream: 'stdout', line: 'a "quoted"\u2028 \x1b[31mline\n' })
      tell.note('ready', 'gateway http://127.0.0.1:4700/v1')
    })

    expect(lines.every((line) => !/[\n\x1b]/.test(line))).toBe(true)
    const objects = lines.map((line) => JSON.parse(line))
    expect(objects.map(({ time, ...rest }) => rest)).toEqual([
      ...events.map(([event]) => event),
      { type: 'service.wrote', service, stream: 'stdout', line: 'a "quoted"\u2028 \x1b[31mline\n' },
      { type: 'ready', message: 'gateway http://127.0.0.1:4700/v1' },
    ])
    for (const { time } of objects) expect(new Date(time).toISOString()).toBe(time)
  })
})
