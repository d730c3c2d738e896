import { describe, expect, it } from 'vitest'
import { retry } from '../retry/retry.ts'
import { fakeClock } from '../testing/index.ts'
import { outgoing } from './outgoing.ts'
import type { Call } from './work.ts'
import { type Decorator, wrap } from './wrap.ts'

const segment: Decorator = (work) => (call) => work(call)

describe('outgoing', () => {
  it('asks when the headers of a call are first read, and not before', async () => {
    let asked = 0
    const stop = outgoing(() => void asked++)
    const told = await wrap(segment)((call) => {
      const before = asked
      const { headers } = call
      return [before, headers === call.headers, asked]
    })
    await wrap()(() => 1)
    stop()

    expect([told, asked]).toEqual([[0, true, 2], 2]) // one each for the parts of the pipeline before and behind a user's function
  })

  it('lets a hook add to each attempt before the work sees it', async () => {
    const clock = fakeClock()
    const stop = outgoing((call) => {
      call.headers['x-attempt'] = `${call.attempt} of ${call.operation}`
    })
    const seen: unknown[] = []
    const work = ({ headers }: Call) => {
      seen.push({ ...headers })
      throw new Error('down')
    }
    const asked = wrap(retry({ clock, attempts: 2 }))(work, { operation: 'deploy' }).catch(() => {})
    await clock.advance(60_000)
    await asked
    stop()
    stop()
    await wrap()(({ headers }) => seen.push(headers))

    expect(seen).toEqual([{ 'x-attempt': '1 of deploy' }, { 'x-attempt': '2 of deploy' }, {}])
  })

  it('hands on what was added when a call goes through another pipeline, without sharing it', async () => {
    let calls = 0
    const stop = outgoing((call) => {
      call.headers[`n${++calls}`] = 'x'
    })
    const outer: Call[] = []
    const watch: Decorator = (work) => (call) => {
      outer.push(call)
      return work(call)
    }
    const inner = await wrap(watch, segment)(({ headers }) => Object.keys(headers))
    stop()

    expect(inner).toEqual(['n1', 'n2', 'n3'])
    expect(Object.keys(outer[0]!.headers)).toEqual(['n1'])
  })

  it('drops what a hook throws, and calls the others', async () => {
    const stops = [
      outgoing(() => {
        throw new Error('bug')
      }),
      outgoing((call) => {
        call.headers['x'] = '1'
      }),
    ]
    const seen = await wrap()(({ headers }) => headers)
    for (const stop of stops) stop()

    expect(seen).toEqual({ x: '1' })
  })
})
