import { describe, expect, it } from 'vitest'
import { BodyRoom } from './body-room.ts'

describe('BodyRoom', () => {
  it('has so much room for each client (I1), and again once a request is over (I2)', () => {
    const room = new BodyRoom(10)
    const [one, two, other] = [room.place('alice'), room.place('alice'), room.place('bob')]
    expect([one.take(4), one.take(4), two.take(3), two.take(2), other.take(10)]).toEqual([
      ...[true, true, false, true, true],
    ])
    one.free()
    one.free()

    expect([one.take(1), two.take(9), two.take(8), other.take(1)]).toEqual([false, false, true, false])
  })
})
