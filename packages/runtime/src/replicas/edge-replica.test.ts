import { describe, expect, it } from 'vitest'
import { sampleService } from '../testing/index.ts'
import { crewAils, replicaNumbers } from './edge-replica.ts'

/** An edge of so many processes, by their numbers; all are ready, but for those that are said to start. */
const edge = (wanted: number, numbers: readonly number[], starting: readonly number[] = []) => {
  const each = numbers.map((replica) => {
    const state = starting.includes(replica) ? ({ is: 'starting', since: 0 } as const) : undefined
    return { ...sampleService('edge', state && { state }), replica, pid: 100 + replica }
  })
  return sampleService('edge', { replicas: { wanted, ready: numbers.length - starting.length, each } })
}

describe('replicaNumbers', () => {
  it('are those of an edge that is, or shall be, several processes', () => {
    expect(replicaNumbers(edge(2, [1, 2]))).toEqual([1, 2])
    expect(replicaNumbers(edge(2, [1]))).toEqual([1])
    expect(replicaNumbers(edge(1, [1, 2]))).toEqual([1, 2])
  })

  it('are none of one process, while it is replaced by another one too', () => {
    expect(replicaNumbers(sampleService('edge'))).toBeUndefined()
    expect(replicaNumbers(edge(1, [1, 1]))).toBeUndefined()
  })
})

describe('crewAils', () => {
  const heard = [{ replica: 1 }, { replica: 2 }]

  it('says how many of them are ready, where not all are', () => {
    expect(crewAils(edge(2, [1, 2], [2]), heard)).toBe('1 of 2 replicas are ready')
  })

  it('says which of them have not been heard of', () => {
    expect(crewAils(edge(3, [1, 2, 3]), heard)).toBe('replica 3 is silent')
    expect(crewAils(edge(2, [1, 2]), [])).toBe('replicas 1, 2 are silent')
  })

  it('says nothing where all are well, or there is one alone', () => {
    expect(crewAils(edge(2, [1, 2, 2]), heard)).toBeUndefined()
    expect(crewAils(sampleService('edge'), [])).toBeUndefined()
    expect(crewAils(edge(1, [1, 1]), [])).toBeUndefined()
  })
})
