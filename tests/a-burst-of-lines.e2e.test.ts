import { expect, it } from 'vitest'
import { heardBurst } from './harness/log-burst/heard-burst.ts'

it('holdfast up tells every line of a service that prints 20,000 at once, as it is, to a reader that takes breaks', async () => {
  const { right, wrong } = await heardBurst(1, 20_000)

  expect({ right, wrong }).toEqual({ right: 20_000, wrong: undefined })
})
