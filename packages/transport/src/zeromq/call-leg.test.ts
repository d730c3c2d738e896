import { wrap } from '@holdfast/policy'
import { describe, expect, it } from 'vitest'
import { heardLegs } from '../testing/heard-legs.ts'
import { TurnedAway } from './handle.ts'
import { zeromqClient } from './zeromq-client.ts'
import { zeromqServer } from './zeromq-server.ts'

describe('ZeroMQ legs', () => {
  it('are each attempt at a method and each one that is handled, with what came of them', async () => {
    using heard = heardLegs()
    const seen: unknown[] = []
    await using server = zeromqServer({
      bind: 'tcp://127.0.0.1:*',
      handlers: {
        work(input) {
          seen.push(heard.inside)
          if (input !== 1) throw new TurnedAway('hunter2')
        },
      },
    })
    await using client = zeromqClient({ connect: server.address, pipeline: wrap() })
    await client.call('work', 1)
    await expect(client.call('work', 2)).rejects.toThrow()

    const method = { 'rpc.system.name': 'zeromq', 'rpc.method': 'work' }
    const where = { 'server.address': '127.0.0.1', 'server.port': Number(new URL(server.address).port) }
    expect(heard.all.map(({ kind, name, attributes }) => [kind, name, attributes])).toEqual([
      ['client', 'work', { ...method, ...where }],
      ['server', 'work', method],
      ['client', 'work', { ...method, ...where }],
      ['server', 'work', method],
    ])
    expect(seen).toEqual([1, 3])
    expect(heard.all.map(({ end }) => [end?.is, end?.attributes?.['holdfast.failure']])).toEqual([
      ['done', undefined],
      ['done', undefined],
      ['failed', 'throttled'],
      ['failed', 'throttled'],
    ])
  })
})
