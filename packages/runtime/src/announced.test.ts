import type { ControlPeer } from '@holdfast/governor'
import { describe, expect, it } from 'vitest'
import { announced } from './announced.ts'

/** The other end of a connection, which answers calls so. */
const peer = (answer: (call: string, input: unknown) => unknown) => {
  const gone = new AbortController()
  const asked: unknown[] = []
  const end: ControlPeer = {
    signal: gone.signal,
    call: async (name, input, options) => {
      asked.push([name, input, options?.timeout])
      return answer(name, input)
    },
  }
  return { end, asked, leave: () => gone.abort() }
}
const told = { kinds: { breaker: [{ name: 'jira', is: 'open' }] }, omitted: 0 }

describe('announced', () => {
  it('knows nobody at first', async () => {
    const { calls } = announced()

    expect(await calls.policies()).toEqual([])
    expect(await calls.reset({ name: 'jira' })).toEqual([])
  })

  it('puts together what all processes tell, in the order in which they came, until they go', async () => {
    const { calls } = announced()
    const [ai, other] = [peer(() => told), peer(() => ({ kinds: {}, omitted: 3 }))]
    calls.announce({ pid: 7, service: 'ai' }, ai.end)
    calls.announce({ pid: 8 }, other.end)

    expect(await calls.policies()).toEqual([
      { pid: 7, service: 'ai', ...told },
      { pid: 8, kinds: {}, omitted: 3 },
    ])
    ai.leave()
    expect(await calls.policies()).toEqual([{ pid: 8, kinds: {}, omitted: 3 }])
  })

  it('tells no secret that is in the words of an error', async () => {
    const link = { name: 'db', tried: 1, lastError: 'connect to postgres://app:hunter2@db failed' }
    const { calls } = announced()
    calls.announce(
      { pid: 7 },
      peer(() => ({ kinds: { fallback: [{ name: 'f', links: [link] }] }, omitted: 0 })).end,
    )

    expect(await calls.policies()).toEqual([
      {
        pid: 7,
        kinds: {
          fallback: [
            { name: 'f', links: [{ ...link, lastError: 'connect to postgres://app:[redacted]@db failed' }] },
          ],
        },
        omitted: 0,
      },
    ])
  })

  it('lists a process that does not answer, without its policies, and gives it a second', async () => {
    const { calls } = announced()
    const silent = peer(() => Promise.reject(new Error('TIMEOUT')))
    calls.announce({ pid: 7, service: 'ai' }, silent.end)

    expect(await calls.policies()).toEqual([{ pid: 7, service: 'ai' }])
    expect(silent.asked).toEqual([['policies', undefined, 1_000]])
  })

  it.each(['reset', 'isolate'] as const)(
    'asks every process to %s, and says which had the name',
    async (act) => {
      const { calls } = announced()
      const [one, other, broken] = [
        peer(() => true),
        peer(() => false),
        peer(() => Promise.reject(new Error('no'))),
      ]
      for (const [index, { end }] of [one, other, broken].entries())
        calls.announce({ pid: index + 1, service: 'ai' }, end)

      expect(await calls[act]({ name: 'jira', kind: 'breaker' })).toEqual([{ pid: 1, service: 'ai' }])
      for (const { asked } of [one, other, broken])
        expect(asked).toEqual([[act, { name: 'jira', kind: 'breaker' }, 1_000]])
    },
  )

  it('refuses what does not fit', async () => {
    const { calls } = announced()
    const bad = expect.objectContaining({ code: 'BAD_CALL' })

    for (const input of [undefined, {}, { pid: 0 }, { pid: 'x' }, { pid: 1, service: 7 }])
      expect(() => calls.announce(input, peer(() => true).end)).toThrow(bad)
    for (const input of [undefined, {}, { name: '' }, { name: 'x', kind: 7 }])
      await expect(calls.reset(input)).rejects.toEqual(bad)
    expect(await calls.policies()).toEqual([])
  })

  it('keeps one entry for a process that announces itself twice', async () => {
    const { calls } = announced()
    const { end } = peer(() => told)
    calls.announce({ pid: 7 }, end)
    calls.announce({ pid: 7, service: 'ai' }, end)

    expect(await calls.policies()).toEqual([{ pid: 7, service: 'ai', ...told }])
  })
})
