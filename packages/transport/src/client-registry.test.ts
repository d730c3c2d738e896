import { fakeClock } from '@holdfast/policy/testing'
import { describe, expect, it } from 'vitest'
import { type ClientRegistryOptions, clientRegistry } from './client-registry.ts'

interface Client {
  readonly peer: string
  readonly number: number
  dead: boolean
  closed: number
}

/** A registry of clients that remember what became of them. */
function kept(options: Partial<ClientRegistryOptions<Client>> = {}) {
  const made: Client[] = []
  const clock = fakeClock()
  const registry = clientRegistry<Client>({
    open: async (peer) => {
      const client = { peer, number: made.length, dead: false, closed: 0 }
      made.push(client)
      return client
    },
    close: (client) => {
      client.closed++
    },
    isDead: ({ dead }) => dead,
    idle: 1_000,
    clock,
    ...options,
  })
  return { registry, made, clock }
}

const number = ({ number }: Client): number => number

describe('clientRegistry', () => {
  it('makes one client for a hundred that ask at the same time, and one for each peer', async () => {
    const { registry, made } = kept()

    const all = await Promise.all(Array.from({ length: 100 }, (_, at) => registry.use(`p${at % 2}`, number)))

    expect(made).toHaveLength(2)
    expect(new Set(all)).toEqual(new Set([0, 1]))
  })

  it('answers with what the work does, or rejects with it, and takes either for the end of its use', async () => {
    const { registry } = kept()

    expect(await registry.use('p', () => 'done')).toBe('done')
    await expect(registry.use('p', () => Promise.reject(new Error('work')))).rejects.toThrow('work')
    expect(registry.clients()).toEqual([{ peer: 'p', is: 'open', users: 0 }])
  })

  it('remembers no client that could not be made', async () => {
    let failing = true
    const { registry, made } = kept({
      open: async (peer) => {
        if (failing) throw new Error('refused')
        const client = { peer, number: 7, dead: false, closed: 0 }
        made.push(client)
        return client
      },
    })

    const first = await Promise.allSettled([registry.use('p', number), registry.use('p', number)])
    expect(first.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(registry.clients()).toEqual([])
    failing = false
    expect(await registry.use('p', number)).toBe(7)
  })

  it('rejects when a client cannot even be begun', async () => {
    const { registry } = kept({
      open: () => {
        throw new Error('at once')
      },
    })

    await expect(registry.use('p', number)).rejects.toThrow('at once')
    await registry.close()
  })

  it('makes another in place of one that is dead, seen before a use or after it', async () => {
    const { registry, made } = kept()
    await registry.use('p', number)
    made[0]!.dead = true

    expect(await registry.use('p', number)).toBe(1)
    await registry.use('p', (client) => {
      client.dead = true
    })

    expect(registry.clients()).toEqual([])
    expect(made.map(({ closed }) => closed)).toEqual([1, 1])
  })

  it('closes a dead client only when the last who uses it is done', async () => {
    const { registry, made } = kept()
    const work = Promise.withResolvers<void>()
    const using = registry.use('p', () => work.promise)
    await registry.use('p', (client) => {
      client.dead = true
    })

    expect(registry.clients()).toEqual([])
    expect(made[0]!.closed).toBe(0)
    work.resolve()
    await using

    expect(made[0]!.closed).toBe(1)
  })

  it('drops a client that nobody has used for a while, and none that is in use', async () => {
    const { registry, made, clock } = kept()
    const work = Promise.withResolvers<void>()
    const using = registry.use('busy', () => work.promise)
    await registry.use('idle', number)

    await clock.advance(999)
    await registry.use('idle', number)
    await clock.advance(999)
    expect(registry.clients()).toHaveLength(2)
    await clock.advance(1)
    expect(registry.clients()).toEqual([{ peer: 'busy', is: 'open', users: 1 }])
    expect(made.map(({ closed }) => closed)).toEqual([0, 1])
    work.resolve()
    await using
    await clock.advance(1_000)

    expect(registry.clients()).toEqual([])
    expect(clock.pending).toBe(0)
  })

  it('has the one that was used longest ago make way, and refuses when all are in use', async () => {
    const { registry, made } = kept({ most: 2 })
    await registry.use('a', number)
    await registry.use('b', number)
    await registry.use('a', number)
    await registry.use('c', number)
    expect(registry.clients().map(({ peer }) => peer)).toEqual(['a', 'c'])
    expect(made.map(({ closed }) => closed)).toEqual([0, 1, 0])

    const work = Promise.withResolvers<void>()
    const using = ['a', 'c'].map((peer) => registry.use(peer, () => work.promise))
    await expect(registry.use('d', number)).rejects.toMatchObject({ code: 'CLIENTS_FULL', retryable: true })
    work.resolve()
    await Promise.all(using)
  })

  it('drops the client of a peer on demand', async () => {
    const { registry, made } = kept()
    await registry.use('p', number)

    await registry.drop('p')
    await registry.drop('nobody')

    expect(made[0]!.closed).toBe(1)
    expect(await registry.use('p', number)).toBe(1)
  })

  describe('when it is closed', () => {
    it('waits for those who use a client, closes each once, and refuses what comes after', async () => {
      const { registry, made, clock } = kept()
      const work = Promise.withResolvers<string>()
      const using = registry.use('busy', () => work.promise)
      await registry.use('idle', number)

      const closed = registry.close()
      await expect(registry.use('p', number)).rejects.toMatchObject({
        code: 'CLIENTS_CLOSED',
        class: 'permanent',
      })
      expect(made.map(({ closed }) => closed)).toEqual([0, 1])
      work.resolve('answer')

      expect(await using).toBe('answer')
      await closed
      await registry.close()
      expect(made.map(({ closed }) => closed)).toEqual([1, 1])
      expect(clock.pending).toBe(0)
    })

    it('tells who is being made, and closes what was made all the same', async () => {
      const opening = Promise.withResolvers<Client>()
      let told: AbortSignal | undefined
      const late = { peer: 'p', number: 0, dead: false, closed: 0 }
      const { registry } = kept({
        open: (_, signal) => {
          told = signal
          return opening.promise
        },
      })
      const using = registry.use('p', number)

      const closed = registry.close()
      expect(told?.aborted).toBe(true)
      opening.resolve(late)

      expect(await using).toBe(0)
      await closed
      expect(late.closed).toBe(1)
    })

    it('rejects with what a client rejects with, when all of them are closed', async () => {
      const ends: string[] = []
      const { registry } = kept({
        close: async ({ peer }) => {
          ends.push(peer)
          if (peer === 'a') throw new Error('stuck')
        },
      })
      await registry.use('a', number)
      await registry.use('b', number)

      await expect(registry.close()).rejects.toThrow('stuck')
      expect(ends).toEqual(['a', 'b'])
    })
  })

  it('leaves no timer that keeps the process', async () => {
    const before = process.getActiveResourcesInfo().length
    const registry = clientRegistry({ open: () => ({}), close: () => {} })
    await registry.use('p', () => {})

    expect(process.getActiveResourcesInfo()).toHaveLength(before)
    await registry.close()
  })

  it.each([{ idle: 0 }, { most: 0 }])('does not take %j', (options) => {
    expect(() => kept(options)).toThrow(`clientRegistry.${Object.keys(options)[0]}`)
  })
})
