import { expect, it } from 'vitest'
import { gatewayServer } from './testing/index.ts'
import { askedByManyNames } from './testing/many-names.ts'

it('the page does not grow with 100,000 names that clients choose', async () => {
  await using door = await gatewayServer({ upstreams: {}, chains: { default: ['rules'] } })

  expect(await askedByManyNames(door, 100_000)).toEqual(await askedByManyNames(door, 1))
}, 300_000)
