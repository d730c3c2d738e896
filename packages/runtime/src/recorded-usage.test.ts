import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { edgeLedger } from './edge-ledger.ts'
import { recordedUsage } from './recorded-usage.ts'
import { stateFolder } from './state-folder.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-recorded-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const file = () => join(folder, 'holdfast.yaml')
const booking = {
  client: 'alice',
  chain: 'c',
  link: 'a',
  model: 'm',
  as: 'answer',
  used: { input: 1, output: 2, cached: 0, written: 0 },
  told: true,
  micros: 3,
  priced: true,
} as const

describe('recordedUsage', () => {
  it('reads what the edge has written', async () => {
    const said: string[] = []
    const ledger = edgeLedger({
      state: stateFolder(file()),
      after: Promise.resolve(),
      say: (message) => void said.push(message),
    })
    ledger.book(booking)
    ledger.close()

    expect(recordedUsage(file(), {}).rows).toMatchObject([{ client: 'alice', answers: 1, cost: 3e-6 }])
    expect(recordedUsage(file(), { client: 'bob' }).rows).toEqual([])
    expect(said).toEqual([])
  })

  it('finds nothing where nothing was ever used', () => {
    writeFileSync(file(), '')
    expect(recordedUsage(file(), { by: 'day', to: '2026-11-01' })).toEqual({
      by: ['day'],
      from: undefined,
      to: '2026-11-01',
      rows: [],
    })
  })

  it('does not take a file that is not there for one of which nothing was used', () => {
    expect(() => recordedUsage(file(), {})).toThrow(`there is no ${file()}`)
  })

  it('says what is wrong with a question, and with a file', () => {
    expect(() => recordedUsage(file(), { by: 'user' })).toThrow("nothing can be told apart by 'user'")
    const state = stateFolder(file())
    edgeLedger({ state, after: Promise.resolve(), say: () => {} }).close()
    writeFileSync(join(state, 'usage.sqlite'), 'x'.repeat(9_000))

    expect(() => recordedUsage(file(), {})).toThrow(/usage\.sqlite cannot be read: file is not a database/)
  })
})

describe('edgeLedger', () => {
  it('says in words what became of its file', () => {
    const said: string[] = []
    const state = join(folder, 'state')
    writeFileSync(state, '')
    const ledger = edgeLedger({ state, after: Promise.resolve(), say: (message) => void said.push(message) })
    ledger.book(booking)
    ledger.flush()
    rmSync(state)
    ledger.flush()
    ledger.close()
    writeFileSync(join(state, 'usage.sqlite'), 'x'.repeat(9_000))
    edgeLedger({ state, after: Promise.resolve(), say: (message) => void said.push(message) }).close()

    expect(said).toEqual([
      expect.stringMatching(/cannot be written \(.+\): it is kept in memory until it can/),
      expect.stringMatching(/is written again, and nothing of it was lost/),
      expect.stringMatching(/cannot be used \(file is not a database\): it stands at .+ now/),
    ])
  })
})
