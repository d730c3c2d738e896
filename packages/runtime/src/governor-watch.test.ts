import { fakeClock } from '@holdfast/policy/testing'
import { describe, expect, it } from 'vitest'
import { governorWatch } from './governor-watch.ts'
import { sampleView } from './testing/index.ts'

const view = sampleView()

/** A governor that answers when it is told to, and a watch over it. */
function watched() {
  const clock = fakeClock()
  const asked: PromiseWithResolvers<typeof view>[] = []
  const ask = () => {
    asked.push(Promise.withResolvers())
    return asked.at(-1)!.promise
  }
  return { clock, asked, watch: governorWatch({ ask, every: 500, clock }) }
}

describe('governorWatch', () => {
  it('asks from the beginning, and makes who cannot wait for that wait for the first word', async () => {
    const { clock, asked, watch } = watched()
    const heard = watch.heard()

    await clock.advance(30)
    asked[0]!.resolve(view)

    expect(await heard).toEqual({ view, age: 0, roundTrip: 30 })
  })

  it('asks anew some time after an answer, and one question at a time (I1)', async () => {
    const { clock, asked } = watched()

    await clock.advance(60_000)
    expect(asked).toHaveLength(1)
    asked[0]!.resolve(view)
    await clock.advance(500)
    expect(asked).toHaveLength(2)
  })

  it('tells what was said before, and how old it is, while the governor is silent or fails (I2)', async () => {
    const { clock, asked, watch } = watched()
    asked[0]!.resolve(view)
    await clock.advance(500)

    await clock.advance(2_000)
    expect(await watch.heard()).toEqual({ view, age: 2_500, roundTrip: 0 })
    asked[1]!.reject(new Error('TIMEOUT'))
    await clock.advance(500)
    expect(await watch.heard()).toMatchObject({ view, age: 3_000 })

    const later = sampleView({ services: [] })
    asked[2]!.resolve(later)
    await clock.advance(100)
    expect(await watch.heard()).toMatchObject({ view: later, age: 100 })
  })

  it.each(['while it waits', 'while it asks'])(
    'asks nothing more once it is closed %s (I3)',
    async (when) => {
      const { clock, asked, watch } = watched()
      if (when === 'while it waits') asked[0]!.resolve(view)
      await clock.advance(0)

      watch.close()
      asked[0]!.resolve(view)
      await clock.advance(5_000)

      expect(asked).toHaveLength(1)
      expect(clock.pending).toBe(0)
    },
  )
})
