import { once } from 'node:events'
import { Agent, createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { fairShare } from './fair-share.ts'

/** A server that knows how many connections others have, and clients that keep theirs. */
async function sharing(others: readonly number[]) {
  const facts = { others, yields: 0 }
  const server = createServer((_, response) => response.end('well'))
  const share = fairShare(server, { others: () => facts.others, yield: () => facts.yields++ })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const agent = new Agent({ keepAlive: true })
  onTestFinished(() => {
    agent.destroy()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const ask = () =>
    new Promise<string | undefined>((resolve, reject) => {
      get({ agent, host: '127.0.0.1', port }, (answer) => {
        answer.resume().once('end', () => resolve(answer.headers.connection))
      }).once('error', reject)
    })
  /** So many at once; how many were told that it was the last answer on their connection. */
  const asked = async (count: number): Promise<number> => {
    const told = await Promise.all(Array.from({ length: count }, ask))
    return told.filter((each) => each === 'close').length
  }
  return { facts, share, asked }
}

describe('fairShare', () => {
  it('lets a process that is alone have them all (I2)', async () => {
    const { facts, share, asked } = await sharing([])

    expect(await asked(60)).toBe(0)
    facts.others = []
    expect(await asked(60)).toBe(0)
    expect([share.connections(), facts.yields]).toEqual([60, 0])
  })

  it('lets one have as many as the others, and somewhat more (I2)', async () => {
    const { facts, share, asked } = await sharing([20, 16])
    await asked(27)
    facts.others = [20, 16]

    expect(await asked(27)).toBe(0)
    expect([share.connections(), facts.yields]).toEqual([27, 0])
  })

  it('gives way while it has too many', async () => {
    const { facts, asked } = await sharing([0])

    await asked(30)

    // Half of them is the mean: 11 > 1.25 × 11 / 2 + 4.
    expect(facts.yields).toBe(20)
  })

  it('ends what is too many, each after an answer, once each time that it is known anew (I1, I3)', async () => {
    const { facts, share, asked } = await sharing([0])
    await asked(30)
    facts.others = [0]

    expect(await asked(30)).toBe(15)
    await expect.poll(share.connections).toBe(15)
    facts.others = [15]
    expect(await asked(30)).toBe(0)
  })
})
