import { timeout, wrap } from '@holdfast/policy'
import { describe, expect, it } from 'vitest'
import { Reply } from 'zeromq'
import { freePort } from '../testing/index.ts'
import { zeromqRequester } from './zeromq-requester.ts'

const pipeline = wrap(timeout(5_000))

async function rep(address = 'tcp://127.0.0.1:*'): Promise<Reply> {
  const peer = new Reply({ linger: 0 })
  await peer.bind(address)
  return peer
}

const text = (frames: readonly Uint8Array[]) => frames.map((frame) => Buffer.from(frame).toString())

describe('zeromqRequester', () => {
  it('is answered by a plain REP socket, frame by frame', async () => {
    const peer = await rep()
    await using requester = zeromqRequester({ connect: peer.lastEndpoint!, pipeline })
    for (const message of ['hello', ['two', Buffer.from('frames')], ['', '']]) {
      const asked = requester.request(message)
      await peer.send(await peer.receive())
      expect(text(await asked)).toEqual([message].flat().map(String))
    }
    peer.close()
  })

  it('keeps many requests in line, and gives each its own answer', async () => {
    const peer = await rep()
    ;(async () => {
      for await (const [said] of peer) await peer.send(`re: ${said}`)
    })()
    await using requester = zeromqRequester({ connect: peer.lastEndpoint!, pipeline })
    const said = Array.from({ length: 100 }, (_, n) => `request ${n}`)
    const answers = Promise.all(said.map((each) => requester.request(each)))
    expect(requester.status().waiting).toBe(100)

    expect((await answers).flatMap(text)).toEqual(said.map((each) => `re: ${each}`))
    peer.close()
  })

  it('never takes the answer to a request that ran out of time for that to the next', async () => {
    const peer = await rep()
    await using requester = zeromqRequester({ connect: peer.lastEndpoint!, pipeline })
    const first = requester.request('first', { within: 30 })
    const held = await peer.receive()
    await expect(first).rejects.toMatchObject({ code: 'DEADLINE_PASSED' })
    const second = requester.request('second')
    await peer.send(held)
    await peer.send(await peer.receive())

    expect(text(await second)).toEqual(['second'])
    expect(requester.status().late).toBe(1)
    peer.close()
  })

  it('fails what was with a peer that goes, and asks the next what was not', async () => {
    const address = `tcp://127.0.0.1:${await freePort()}`
    const peer = await rep(address)
    await using requester = zeromqRequester({ connect: address, pipeline })
    const with_ = requester.request('with it').catch((error) => error)
    const waits = requester.request('waits')
    await peer.receive()
    peer.close()
    expect(await with_).toMatchObject({ class: 'broken' })
    const next = await bound(address)
    await next.send(await next.receive())

    expect(text(await waits)).toEqual(['waits'])
    next.close()
  })

  it('refuses what is no message', async () => {
    await using requester = zeromqRequester({ connect: 'tcp://127.0.0.1:1', largest: 10 })
    await expect(requester.request([])).rejects.toMatchObject({ code: 'OPTION_INVALID' })
    await expect(requester.request(7 as never)).rejects.toMatchObject({ code: 'OPTION_INVALID' })
    await expect(requester.request('x'.repeat(11))).rejects.toMatchObject({ code: 'ZEROMQ_PAYLOAD' })
  })
})

/** The address of a socket that was closed is free a moment later. */
async function bound(address: string): Promise<Reply> {
  try {
    return await rep(address)
  } catch {
    return bound(address)
  }
}
