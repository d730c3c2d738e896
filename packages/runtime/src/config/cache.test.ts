import { describe, expect, it } from 'vitest'
import { gatewayOptions } from '../gateway-options.ts'
import { readConfig } from './read.ts'

const read = (gateway: string, chain: string) =>
  readConfig({
    file: 'x',
    text: `upstreams: { a: { url: http://a } }\ngateway: ${gateway}\nchains:\n  c: ${chain}\n`,
    environment: {},
  })
const complaint = (gateway: string, chain: string): string => {
  try {
    read(gateway, chain)
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

describe('the cache of a file', () => {
  it('is of a chain, with room for all of them together', () => {
    const config = read(
      '{ cache: { memory: 64MB, disk: 1GB } }',
      '{ links: [a, stale], cache: { for: 10m, stale: 1d, keep: disk, apart: false } }',
    )

    expect(config.gateway.cache).toEqual({ memory: 64e6, disk: 1e9 })
    expect(gatewayOptions(config).chains['c']).toMatchObject({
      cache: { for: 600_000, stale: 86_400_000, keep: 'disk', apart: false },
    })
  })

  it('may have room by default', () => {
    expect(read('{ cache: }', '{ links: [a], cache: 10m }').gateway.cache).toEqual({})
  })

  it.each([
    [
      '{ cache: { memory: 64 } }',
      '{ links: [a], cache: 1m }',
      '2:29 gateway.cache.memory: must be a size with a unit',
    ],
    [
      '{ cache: { memroy: 64MB } }',
      '{ links: [a], cache: 1m }',
      "gateway.cache.memroy: unknown key; did you mean 'memory'?",
    ],
    [
      '{ cache: { memory: 64MB } }',
      '[a]',
      '2:19 gateway.cache: no chain keeps answers: add `cache: 10m` to one',
    ],
    [
      '{ cache: { disk: 1GB } }',
      '{ links: [a], cache: 1m }',
      '2:27 gateway.cache.disk: no chain keeps answers on the disk',
    ],
    ['{}', '{ links: [a], cache: 10 }', 'chains.c.cache'],
    [
      '{}',
      '{ links: [a], cache: { for: 1m, aprat: true } }',
      "chains.c.cache.aprat: unknown key; did you mean 'apart'?",
    ],
    ['{}', '{ links: [a], cache: { stale: 1m } }', 'chains.c.cache.for: is missing'],
    ['{}', '{ links: [a], cache: { for: 1m, apart: both } }', 'chains.c.cache.apart: must be true or false'],
    [
      '{}',
      '{ links: [a], cache: { for: 1m, stale: 1d } }',
      '4:45 chains.c.cache.stale: no link of this chain gives old answers',
    ],
    ['{}', '{ links: [a, stale], cache: 1m }', 'this chain keeps no old answers'],
    ['{}', '[a, stale]', 'this chain keeps no old answers'],
  ])('cannot be %s %s', (gateway, chain, expected) => {
    expect(complaint(gateway, chain)).toContain(expected)
  })
})
