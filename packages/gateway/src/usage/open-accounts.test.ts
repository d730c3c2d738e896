import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import type { Account } from './account.ts'
import { OpenAccounts } from './open-accounts.ts'

const account = (client: string): Account => ({ client, place: -1 }) as unknown as Account
const clients = (open: OpenAccounts): string[] => [...open].map(({ client }) => client).sort()

describe('OpenAccounts', () => {
  it('has those that were added and not taken away, whichever goes first', () => {
    for (const leaves of [0, 1, 2]) {
      const open = new OpenAccounts()
      const all = ['a', 'b', 'c'].map(account)
      for (const each of all) open.add(each)
      open.delete(all[leaves]!)
      open.delete(all[leaves]!)

      expect(open.size).toBe(2)
      expect(clients(open)).toEqual(['a', 'b', 'c'].filter((_, nth) => nth !== leaves))
      for (const each of all) open.delete(each)
      expect(open.size).toBe(0)
    }
  })

  it('takes no notice of one that it never had', () => {
    const open = new OpenAccounts()
    open.add(account('a'))
    open.delete(account('b'))

    expect(clients(open)).toEqual(['a'])
  })

  it('keeps nothing of those that have left, though it has been there for long', () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as (how?: { type: 'minor' }) => void
    const promoted = (): number =>
      getHeapSpaceStatistics().find(({ space_name: name }) => name === 'old_space')!.space_used_size
    const open = new OpenAccounts()
    const running: Account[] = []
    const many = (): void => {
      for (let nth = 0; nth < 20_000; nth++) {
        const added = Object.assign(account('a'), { request: new Array(100).fill(nth) })
        running.push(added)
        open.add(added)
        if (running.length > 30) open.delete(running.shift()!)
        if (nth % 1_000 === 0) collect({ type: 'minor' })
      }
    }
    many()
    collect()
    const before = promoted()
    many()

    expect(promoted() - before).toBeLessThan(2_000_000) // of 16 MB that came and went
  })
})
