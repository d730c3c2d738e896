import { expect, it } from 'vitest'
import { heardBurst } from './harness/log-burst/heard-burst.ts'

it('holdfast up tells every one of 1,000,000 lines, and holds few of them', async () => {
  const { grown, ...told } = await heardBurst(7, 1_000_000)

  expect(told).toEqual({ right: 1_000_000, wrong: undefined })
  expect(grown).toBeLessThan(160 * 1024 * 1024)
})
