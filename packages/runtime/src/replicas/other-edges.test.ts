import { describe, expect, it } from 'vitest'
import { sampleService, sampleView } from '../testing/index.ts'
import { otherEdges } from './other-edges.ts'

const said = (replica: number) => ({
  replica,
  pid: 100 + replica,
  age: 0,
  inFlight: 0,
  connections: 0,
  requests: 0,
  ailing: [],
})

/** An edge of so many processes, seen from its first one, whose governor answers for the others so. */
function seen(count: number, answer: (pid: number, asked: unknown) => unknown) {
  const numbers = Array.from({ length: count }, (_, n) => n + 1)
  const each = numbers.map((replica) => ({ ...sampleService('edge'), replica, pid: 100 + replica }))
  const edge = sampleService('edge', {
    pid: 101,
    ...(count > 1 && { replicas: { wanted: count, ready: count, each } }),
  })
  const complaints: unknown[] = []
  const others = otherEdges({
    governor: {
      call: async (_, input) => {
        const { pid, with: asked } = input as { readonly pid: number; readonly with: unknown }
        return answer(pid, asked)
      },
    },
    heard: async () => ({ view: sampleView({ edge, edges: numbers.map(said) }) }),
    pid: 101,
    complain: (error) => complaints.push(error),
  })
  return { others, complaints }
}

describe('otherEdges', () => {
  it('asks nobody where there are none, and has no number', async () => {
    const { others } = seen(1, () => expect.fail('asked'))

    expect(await others.ask('traces')).toEqual([])
    expect(await others.number()).toBeUndefined()
  })

  it('tells what each of the others answers, put together of its parts', async () => {
    const { others } = seen(3, (pid, asked) => {
      if (pid === 103) return { items: [asked] }
      return 'more' in Object(asked) ? { items: ['b'] } : { items: ['a'], more: 4 }
    })

    expect(await others.number()).toBe(1)
    expect(await others.ask('traces', { most: 5 })).toEqual([
      { replica: 2, items: ['a', 'b'] },
      { replica: 3, items: [{ for: { most: 5 } }] },
    ])
  })

  it('leaves out one that does not answer, and complains', async () => {
    const gone = new Error('TIMEOUT')
    const { others, complaints } = seen(3, (pid) => {
      if (pid === 102) throw gone
      return { items: [] }
    })

    expect(await others.ask('families')).toEqual([{ replica: 3, items: [] }])
    expect(complaints).toEqual([gone])
  })
})
