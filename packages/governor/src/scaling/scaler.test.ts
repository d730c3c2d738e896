import { fakeClock } from '@holdfast/policy/testing'
import { describe, expect, it } from 'vitest'
import { type Autoscale, scalingRules } from './autoscale.ts'
import type { LoadReader } from './load.ts'
import { type ReplicaNow, scaler } from './scaler.ts'

/** A service of so many replicas, all ready; those that are added start. */
const service = (said: Partial<Autoscale>, begins = 1, scaled?: (end: () => void) => void) => {
  const clock = fakeClock()
  const told: unknown[] = []
  const looks: number[] = []
  const rules = scalingRules('ai', { max: 8, every: 1_000, cpu: 0.5, coolDown: 0, ...said })
  const replicas: ReplicaNow[] = []
  const add = (is: 'starting' | 'ready') => {
    const replica = replicas.length + 1
    replicas.push(is === 'ready' ? { is, replica, pid: 100 + replica } : { is })
  }
  for (let n = 0; n < begins; n++) add('ready')
  let cpu = 0
  let wanted = begins
  const end = scaler({
    service: 'ai',
    rules,
    clock,
    usage: async (groups) => {
      looks.push(clock.now())
      cpu += groups.length === 0 ? 0 : 1
      return new Map(groups.map((group) => [group, { memory: 1, cpu }]))
    },
    now: () => ({ wanted, replicas }),
    scale: (to) => {
      scaled?.(end)
      for (wanted = to; replicas.length < to; ) add('starting')
    },
    announce: (event) => told.push(event),
  })
  return { clock, told, looks, replicas, end, want: (to: number) => (wanted = to) }
}
const inFlight = (read: LoadReader) => ({ cpu: 9, inFlight: 2, read })
const hangs: LoadReader = () => new Promise(() => {})

describe('scaler', () => {
  it('has a service scaled by the CPU that its replicas use between two looks', async () => {
    const { clock, told } = service({})

    await clock.advance(2_000)

    expect(told).toEqual([
      { type: 'service.scaled', service: 'ai', from: 1, to: 2, why: 'cpu is 1, and should be 0.5' },
    ])
  })

  it('does not count on those that start, and does not ask them', async () => {
    const asked: unknown[] = []
    const { clock, told, replicas } = service(
      inFlight(async (replica) => {
        asked.push(replica)
        return { inFlight: 4 }
      }),
    )
    await clock.advance(3_000)
    expect(told).toHaveLength(1)
    expect(asked).toEqual(Array(3).fill({ service: 'ai', replica: 1, pid: 101 }))

    replicas[1] = { is: 'ready', replica: 2, pid: 102 }
    await clock.advance(1_000)

    expect(told.slice(1)).toMatchObject([{ type: 'service.scaled', from: 2, to: 4 }])
  })

  it('looks once at a time, and again only after that (I1)', async () => {
    const { clock, looks } = service({ ...inFlight(hangs), every: 5_000 })

    await clock.advance(20_000)

    expect(looks).toEqual([5_000, 12_000, 19_000])
  })

  it('leaves nothing behind when it ends, in the middle of a look or not (I1)', async () => {
    const between = service({})
    between.end()
    expect(between.clock.pending).toBe(0)

    let heard: AbortSignal | undefined
    const within = service(
      inFlight((_, signal) => {
        heard = signal
        return new Promise(() => {})
      }),
    )
    await within.clock.advance(1_100)
    within.end()
    await within.clock.advance(0)

    expect(heard?.aborted).toBe(true)
    expect(within.clock.pending).toBe(0)
    expect(within.told).toEqual([])
  })

  it('looks no more when what it decides ends it (I1)', async () => {
    const { clock, told } = service({}, 1, (end) => end())

    await clock.advance(2_000)

    expect(told).toHaveLength(1)
    expect(clock.pending).toBe(0)
  })

  it('says nothing while there is nobody to ask', async () => {
    const { clock, told, replicas } = service(inFlight(hangs))
    await clock.advance(5_000)
    replicas[0] = { is: 'starting' }
    await clock.advance(5_000)

    expect(told).toMatchObject([{ type: 'load.failed' }])
  })

  it.each<[string, LoadReader, string]>([
    ['hangs', hangs, 'no answer within 2000 ms'],
    ['rejects', () => Promise.reject(new Error('no route')), 'no route'],
    [
      'throws',
      () => {
        throw new Error('a mistake')
      },
      'a mistake',
    ],
    ['talks nonsense', async () => ({ inFlight: Number.NaN }), 'its inFlight is not a number of 0 or more'],
    [
      'answers with nothing',
      async () => undefined as never,
      'its load is not an object such as {"inFlight":3}',
    ],
  ])('changes nothing for a reader that %s, and tells it once (I2)', async (_, read, why) => {
    const { clock, told } = service(inFlight(read), 3)

    await clock.advance(1_000_000)

    expect(told).toEqual([{ type: 'load.failed', service: 'ai', why: `replica 1: ${why}` }])
  })

  it('tells when a reader does not tell what it is asked for', async () => {
    const { clock, told } = service(inFlight(async () => ({ lag: 1 })))

    await clock.advance(5_000)

    expect(told).toEqual([{ type: 'load.failed', service: 'ai', why: 'no replica tells its inFlight' }])
  })

  it('does not mind that a replica does not tell which is gone meanwhile (I2)', async () => {
    const { clock, told, replicas } = service(
      inFlight(async ({ replica }) => {
        if (replica === 1) return { inFlight: 2 }
        replicas.pop()
        throw new Error('no route')
      }),
      2,
    )

    await clock.advance(1_000)

    expect(told).toEqual([])
  })

  it('tells when all have told again (I2)', async () => {
    let well = false
    const { clock, told } = service(
      inFlight(async ({ replica }) => {
        if (!well && replica === 2) throw new Error('no route')
        return { inFlight: 2 }
      }),
      2,
    )
    await clock.advance(3_000)
    well = true
    await clock.advance(3_000)
    well = false
    await clock.advance(3_000)

    expect(told).toMatchObject([{ type: 'load.failed' }, { type: 'load.recovered' }, { type: 'load.failed' }])
  })

  it('does not act on what it found when the number of replicas was changed meanwhile (I3)', async () => {
    const { clock, told, want } = service(
      inFlight(async () => {
        want(5)
        return { inFlight: 50 }
      }),
    )

    await clock.advance(1_000)

    expect(told).toEqual([])
  })
})
