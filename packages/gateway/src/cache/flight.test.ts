import { describe, expect, it } from 'vitest'
import { Reply } from '../reply.ts'
import { Flight } from './flight.ts'
import { client } from './testing/client.ts'

const nobodyLeaves = new AbortController().signal
const piece = (text: string) => Buffer.from(text)

describe('Flight', () => {
  it('gives everybody the same from the beginning, whenever they come (I1)', async () => {
    const flight = new Flight()
    const [early, late, after] = [client(), client(), client()]
    const heard = [flight.listen(early.reply, nobodyLeaves)]
    flight.writeHead(200, {})
    flight.write(piece('a'))
    heard.push(flight.listen(late.reply, nobodyLeaves))
    flight.write(piece('b'))
    flight.end(piece('c'))
    heard.push(flight.listen(after.reply, nobodyLeaves))

    expect(await Promise.all(heard)).toEqual(['all', 'all', 'all'])
    for (const { said } of [early, late, after]) expect(said).toEqual(['200', 'a', 'b', 'c.'])
    expect(String(flight.body())).toBe('abc')
  })

  it('goes at the pace of the fastest, and waits while everybody does (I2)', () => {
    const flight = new Flight()
    const [fast, slow] = [client(1), client(0)]
    let resumed = 0
    flight.on('drain', () => resumed++)
    void flight.listen(fast.reply, nobodyLeaves)
    void flight.listen(slow.reply, nobodyLeaves)
    flight.writeHead(200, {})

    expect(flight.write(piece('a'))).toBe(true)
    expect(flight.write(piece('b'))).toBe(false)
    resumed = 0
    slow.catchUp(0)
    expect(resumed).toBe(0)
    fast.catchUp()
    expect(resumed).toBe(1)
    expect(flight.write(piece('c'))).toBe(true)
    expect(fast.said).toEqual(['200', 'a', 'b', 'c'])
    expect(slow.said).toEqual(['200', 'a', 'b'])
    flight.end(piece('d'))
    expect(slow.said).toEqual(['200', 'a', 'b', 'c', 'd.'])
  })

  it('goes on for one who comes while everybody else is behind (I2)', () => {
    const flight = new Flight()
    let resumed = 0
    flight.on('drain', () => resumed++)
    void flight.listen(client(0).reply, nobodyLeaves)
    flight.writeHead(200, {})
    expect(flight.write(piece('a'))).toBe(false)
    void flight.listen(client().reply, nobodyLeaves)

    expect(resumed).toBeGreaterThan(0)
    expect(flight.writableNeedDrain).toBe(false)
  })

  it('is over when the last has left, and not before (I3)', async () => {
    const flight = new Flight()
    const [one, other] = [new AbortController(), new AbortController()]
    const heard = [one, other].map(({ signal }) => flight.listen(client().reply, signal))
    one.abort()
    expect(flight.signal.aborted).toBe(false)
    other.abort()

    expect(flight.signal.aborted).toBe(true)
    expect(flight.joinable).toBe(false)
    expect(await Promise.all(heard)).toEqual(['left', 'left'])
  })

  it('is over at once where its only client had left before', async () => {
    const flight = new Flight()

    expect(await flight.listen(client().reply, AbortSignal.abort())).toBe('left')
    expect(flight.signal.aborted).toBe(true)
  })

  it('lets go of who is too far behind, and goes on for the others (I4)', async () => {
    const flight = new Flight(10)
    const [fast, slow] = [client(), client(0)]
    void flight.listen(fast.reply, nobodyLeaves)
    const heard = flight.listen(slow.reply, nobodyLeaves)
    flight.writeHead(200, {})
    for (const text of ['aaaa', 'bbbb', 'cccc', 'dddd']) flight.write(piece(text))

    expect(await heard).toBe('left')
    expect(slow.state.destroyed).toBe(true)
    expect(slow.said.join()).toContain('client_too_slow')
    expect(slow.said.join()).not.toContain('bbbb')
    flight.end(piece('e'))
    expect(fast.said).toEqual(['200', 'aaaa', 'bbbb', 'cccc', 'dddd', 'e.'])
  })

  it('cannot be joined, nor kept, once its beginning is forgotten (I5)', () => {
    const flight = new Flight(10)
    const fast = client()
    void flight.listen(fast.reply, nobodyLeaves)
    flight.writeHead(200, {})
    flight.write(piece('aaaaaaaa'))
    expect(flight.joinable).toBe(true)
    flight.write(piece('bbbbbbbb'))

    expect(flight.joinable).toBe(false)
    flight.end(piece('c'))
    expect(flight.body()).toBeUndefined()
    expect(fast.said).toEqual(['200', 'aaaaaaaa', 'bbbbbbbb', 'c.'])
  })

  it('gives those who are behind all there is when it ends, though it has forgotten the beginning', () => {
    const flight = new Flight(10)
    const [fast, slow] = [client(), client(0)]
    void flight.listen(fast.reply, nobodyLeaves)
    void flight.listen(slow.reply, nobodyLeaves)
    flight.writeHead(200, {})
    for (const text of ['aaaa', 'bbbb', 'cc']) flight.write(piece(text))
    flight.end(piece('dddd'))

    expect(slow.said).toEqual(['200', 'aaaa', 'bbbb', 'cc', 'dddd.'])
  })

  it('breaks off for everybody, in the words that were said last', async () => {
    const flight = new Flight()
    const [fast, slow] = [client(), client(0)]
    const heard = [fast, slow].map(({ reply }) => flight.listen(reply, nobodyLeaves))
    const inner = new Reply(flight)
    inner.begin(200, {})
    inner.write(piece('a'))
    inner.write(piece('b'))
    inner.breakOff({ message: 'no', type: 'x', code: 'gone', param: null })

    expect(await Promise.all(heard)).toEqual(['all', 'all'])
    for (const { said, state, reply } of [fast, slow]) {
      expect(said.slice(0, 3)).toEqual(['200', 'a', 'b'])
      expect(said.join('')).toContain('"code":"gone"')
      expect([state.destroyed, reply.broken]).toEqual([true, true])
    }
    expect(flight.body()).toBeUndefined()
  })

  it('leaves comments out of what is kept, and what else it takes up in memory', () => {
    const flight = new Flight()
    void flight.listen(client().reply, nobodyLeaves)
    flight.writeHead(200, {})
    const slab = Buffer.alloc(65_536, 'data: 1\n\n')
    for (const bytes of [piece(': keep-alive\n\n'), slab.subarray(0, 9), piece(': x\ndata: 2\n\n')])
      flight.write(bytes)
    flight.end(piece('data: [DONE]\n\n'))
    const body = flight.body()!

    expect(String(body)).toBe('data: 1\n\n: x\ndata: 2\n\ndata: [DONE]\n\n')
    expect(body.buffer.byteLength).toBe(body.length)
  })
})
