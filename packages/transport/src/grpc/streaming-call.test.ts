import { once } from 'node:events'
import type {
  ServerDuplexStream,
  ServerReadableStream,
  ServerWritableStream,
  sendUnaryData,
  UntypedServiceImplementation,
} from '@grpc/grpc-js'
import { breaker, type Pipeline, retry, timeout, wrap } from '@holdfast/policy'
import { afterEach, describe, expect, it } from 'vitest'
import { askingService } from '../testing/grpc-asking.ts'
import type { Ask } from '../testing/index.ts'
import { grpcClient } from './grpc-client.ts'
import { grpcServer } from './grpc-server.ts'

const open: AsyncDisposable[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]()
})

async function joined(handlers: UntypedServiceImplementation, pipeline: Pipeline = wrap(timeout(5_000))) {
  const server = await grpcServer({
    address: '127.0.0.1:0',
    services: [{ service: askingService, handlers }],
  })
  const client = grpcClient(askingService, { address: `127.0.0.1:${server.port}`, pipeline })
  open.push({ [Symbol.asyncDispose]: () => server.close(0) }, client)
  return client.rpc
}

type Listing = ServerWritableStream<Ask, string>
type Gathering = ServerReadableStream<Ask, string>
type Talking = ServerDuplexStream<Ask, string>
const ask = (text: string): Ask => ({ does: 'echo', text })
const asks = (count: number) => Array.from({ length: count }, (_, at) => ask(String(at)))

async function collected(answers: AsyncIterable<string>, into: string[] = []): Promise<string[]> {
  for await (const text of answers) into.push(text)
  return into
}

/** Answers a few, and then ends as told. */
const lists = (end: (call: Listing) => void) => ({
  list(call: Listing) {
    for (const text of ['a', 'b', 'c']) call.write(text)
    end(call)
  },
})

describe('serverStreamCall', () => {
  it('gives all answers in order, and ends', async () => {
    const rpc = await joined(lists((call) => call.end()))

    expect(await collected(rpc.list(ask('')))).toEqual(['a', 'b', 'c'])
  })

  it('never ends silently: what was cut in the middle is an error behind the answers that came', async () => {
    const failing = await joined(lists((call) => void call.emit('error', { code: 14, details: 'out' })))
    const cut = await joined(
      lists((call) => {
        // What is written is on its way when this is called back.
        call.write('d', () => session(call).destroy())
      }),
    )
    for (const [rpc, of] of [
      [failing, 'transient'],
      [cut, 'broken'],
    ] as const) {
      const came: string[] = []
      await expect(collected(rpc.list(ask('')), came)).rejects.toMatchObject({ class: of, retryable: false })
      expect(came.slice(0, 3)).toEqual(['a', 'b', 'c'])
    }
  })

  it('is cut off by a deadline in its middle, with the error of the policy, and the handler hears of it', async () => {
    const heard = Promise.withResolvers<void>()
    const rpc = await joined(lists((call) => void call.on('cancelled', heard.resolve)))
    const came: string[] = []

    await expect(collected(rpc.list(ask(''), { within: 150 }), came)).rejects.toMatchObject({
      code: 'DEADLINE_PASSED',
    })
    expect(came).toEqual(['a', 'b', 'c'])
    await heard.promise
  })

  it('ends for a caller who aborts, with his reason', async () => {
    const rpc = await joined(lists(() => {}))
    const leaving = new AbortController()
    const reading = async () => {
      for await (const text of rpc.list(ask(''), { signal: leaving.signal }))
        if (text === 'c') leaving.abort(new Error('enough'))
    }

    await expect(reading()).rejects.toThrow('enough')
  })

  it('is cancelled by who leaves the loop, and that is no failure', async () => {
    const heard = Promise.withResolvers<void>()
    const guard = breaker({ failures: 1 })
    const rpc = await joined(
      lists((call) => void call.on('cancelled', heard.resolve)),
      wrap(guard),
    )
    for await (const text of rpc.list(ask(''))) if (text === 'b') break
    await heard.promise

    expect(guard.status()).toMatchObject({ is: 'closed' })
  })

  it('counts once, however many answers there were, and is never sent twice', async () => {
    let calls = 0
    const guard = breaker({ failures: 2 })
    const again = retry({ attempts: 3, backoff: { initial: 0, max: 0 }, when: () => true })
    const rpc = await joined(
      lists((call) => {
        calls++
        call.emit('error', { code: 14, details: 'out' })
      }),
      wrap(guard, again),
    )
    await expect(collected(rpc.list(ask('')))).rejects.toThrow('UNAVAILABLE')
    expect([calls, guard.status().is]).toEqual([1, 'closed'])
    await expect(collected(rpc.list(ask('')))).rejects.toThrow('UNAVAILABLE')

    expect([calls, guard.status().is]).toEqual([2, 'open'])
    await expect(collected(rpc.list(ask('')))).rejects.toMatchObject({ code: 'BREAKER_OPEN' })
    expect(calls).toBe(2)
  })

  it('holds up a server that is faster than its reader', async () => {
    const text = 'x'.repeat(100_000)
    let written = 0
    const held = Promise.withResolvers<void>()
    const rpc = await joined({
      async list(call: Listing) {
        for (; written < 200; written++) {
          if (call.write(text)) continue
          const drained = once(call, 'drain')
          const full = await Promise.race([
            drained.then(() => false),
            new Promise((r) => setTimeout(r, 100, true)),
          ])
          if (full) held.resolve()
          await drained
        }
        call.end()
      },
    })
    const answers = rpc.list(ask(''))
    await answers.next()
    await held.promise

    expect(written).toBeLessThan(100)
    expect(await collected(answers)).toHaveLength(199)
  })
})

describe('clientStreamCall', () => {
  const gathers = {
    gather(call: Gathering, answer: sendUnaryData<string>) {
      let texts = ''
      call.on('data', ({ text }: Ask) => (texts += `${text} `))
      call.on('end', () => answer(null, texts.trim()))
    },
  }

  it('sends all that its source has, asynchronous or not', async () => {
    const rpc = await joined(gathers)
    async function* slowly() {
      yield* asks(3)
    }

    expect(await rpc.gather(asks(4))).toBe('0 1 2 3')
    expect(await rpc.gather(slowly())).toBe('0 1 2')
    expect(await rpc.gather([])).toBe('')
  })

  it('rejects with what its source throws, and the handler gets no end', async () => {
    const heard = Promise.withResolvers<boolean>()
    const begun = Promise.withResolvers<void>()
    const rpc = await joined({
      gather(call: Gathering) {
        begun.resolve()
        call.on('end', () => heard.resolve(true)).on('cancelled', () => heard.resolve(false))
        call.resume()
      },
    })
    async function* broken() {
      yield ask('a')
      await begun.promise
      throw new Error('the source broke')
    }

    await expect(rpc.gather(broken())).rejects.toThrow('the source broke')
    expect(await heard.promise).toBe(false)
  })

  it('lets go of its source when the answer comes before the end', async () => {
    const rpc = await joined({
      gather(call: Gathering, answer: sendUnaryData<string>) {
        call.once('data', () => answer(null, 'enough'))
      },
    })
    const left = Promise.withResolvers<void>()
    async function* endless() {
      try {
        for (;;) {
          yield ask('again')
          await new Promise(setImmediate)
        }
      } finally {
        left.resolve()
      }
    }

    expect(await rpc.gather(endless())).toBe('enough')
    await left.promise
  })

  it('asks its source for no more than the other side takes', async () => {
    const begun = Promise.withResolvers<Gathering>()
    const rpc = await joined({
      gather(call: Gathering, answer: sendUnaryData<string>) {
        begun.resolve(call)
        call.on('end', () => answer(null, 'all'))
      },
    })
    let given = 0
    const stuck = Promise.withResolvers<void>()
    async function* large() {
      for (; given < 300; given++) {
        const quiet = setTimeout(stuck.resolve, 150)
        yield ask('x'.repeat(100_000))
        clearTimeout(quiet)
      }
    }
    const gathered = rpc.gather(large())
    const call = await begun.promise
    await stuck.promise

    expect(given).toBeLessThan(200)
    call.resume()
    expect(await gathered).toBe('all')
  })
})

describe('bidiStreamCall', () => {
  const echoes = {
    talk(call: Talking) {
      call.on('data', ({ text }: Ask) => call.write(text)).on('end', () => call.end())
    },
  }

  it('answers while it is still asked', async () => {
    const rpc = await joined(echoes)
    const next: (() => void)[] = []
    async function* questions() {
      for (let at = 0; at < 3; at++) {
        yield ask(String(at))
        await new Promise<void>((resolve) => next.push(resolve))
      }
    }
    const came: string[] = []
    for await (const text of rpc.talk(questions())) {
      came.push(text)
      next.shift()?.()
    }

    expect(came).toEqual(['0', '1', '2'])
  })

  it('gives each of a hundred streams at once its own answers', async () => {
    const rpc = await joined(echoes)
    const all = await Promise.all(
      Array.from({ length: 100 }, (_, at) => collected(rpc.talk([ask(`${at}a`), ask(`${at}b`)]))),
    )

    expect(all).toEqual(Array.from({ length: 100 }, (_, at) => [`${at}a`, `${at}b`]))
  })

  it('rejects with what its source throws', async () => {
    const rpc = await joined(echoes)
    async function* broken() {
      yield ask('a')
      throw new Error('the source broke')
    }

    await expect(collected(rpc.talk(broken()))).rejects.toThrow('the source broke')
  })

  it('calls nobody and takes nothing from its source until it is read', async () => {
    let calls = 0
    let asked = 0
    const rpc = await joined({
      talk: () => void calls++,
      ask: (_: unknown, answer: sendUnaryData<string>) => answer(null, ''),
    })
    function* source() {
      asked++
      yield ask('a')
    }
    rpc.talk(source())
    await rpc.ask(ask('all that was sent has arrived'))

    expect([calls, asked]).toEqual([0, 0])
  })
})

/** The HTTP/2 session under a call: grpc-js has no door to it. */
function session(call: Listing): { destroy(): void } {
  const { nextCall } = (
    call as unknown as { call: { nextCall: { stream: { session: { destroy(): void } } } } }
  ).call
  return nextCall.stream.session
}
