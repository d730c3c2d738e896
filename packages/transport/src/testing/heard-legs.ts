import { AsyncLocalStorage } from 'node:async_hooks'
import { type LegEnd, type LegStart, legs, outgoing } from '@holdfast/policy'

/** A leg that was heard of, and what it came to. */
export interface HeardLeg extends LegStart {
  readonly end?: LegEnd
}

/** Goes along with every leg of this process: hears of it, and has its number sent along as `x-leg`. */
export interface HeardLegs extends Disposable {
  readonly all: readonly HeardLeg[]
  /** The number of the leg in which this is asked. */
  readonly inside: number | undefined
}

export function heardLegs(): HeardLegs {
  const all: HeardLeg[] = []
  const storage = new AsyncLocalStorage<number>()
  const stops = [
    legs((start) => {
      const number = all.push(start) - 1
      return {
        around: (part) => storage.run(number, part),
        ended(end) {
          all[number] = { ...start, end }
        },
      }
    }),
    outgoing(({ headers }) => {
      const number = storage.getStore()
      if (number !== undefined) headers['x-leg'] = String(number)
    }),
  ]
  return {
    all,
    get inside() {
      return storage.getStore()
    },
    [Symbol.dispose]() {
      for (const stop of stops) stop()
    },
  }
}
