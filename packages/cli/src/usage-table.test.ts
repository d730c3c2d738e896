import type { RecordedUsage } from '@holdfast/runtime'
import { describe, expect, it } from 'vitest'
import { paint } from './paint.ts'
import { usageTable } from './usage-table.ts'

const plain = paint(false)
const nothing = { attempts: 0, input: 0, output: 0, cost: 0 }
const row = (as: Partial<RecordedUsage['rows'][number]>): RecordedUsage['rows'][number] => ({
  answers: 0,
  input: 0,
  output: 0,
  cached: 0,
  written: 0,
  cost: 0,
  wasted: nothing,
  estimated: 0,
  priced: true,
  ...as,
})

describe('usageTable', () => {
  it('has a line for each row, a sum, and what has to be known to read it', () => {
    const lines = usageTable(
      {
        by: ['client', 'chain'],
        from: '2026-11-01',
        rows: [
          row({
            client: '',
            chain: 'default',
            answers: 12_345,
            input: 1_234_567,
            cost: 0.000012,
            priced: false,
          }),
          row({
            client: 'alice',
            chain: 'default',
            answers: 2,
            input: 10,
            cached: 4,
            output: 24,
            cost: 12.345,
            estimated: 1,
            wasted: { attempts: 1, input: 5, output: 1, cost: 0.5 },
          }),
        ],
      },
      plain,
    )

    expect(lines.join('\n')).toBe(
      `
client  chain    answers       input  cached  output       cost  wasted  its cost
-       default   12,345   1,234,567       0       0  0.000012?       0        0?
alice   default        2         ~10       4     ~24      12.35       1      0.50
all               12,347  ~1,234,577       4     ~24     12.35?       1     0.50?

from 2026-11-01 (UTC)
~ providers did not tell all of it, and the rest is estimated
? some of it has no price in the file, and is not in the cost`.slice(1),
    )
  })

  it('says that nothing was used', () => {
    expect(usageTable({ by: ['day'], to: '2026-11-01', rows: [] }, plain)).toEqual([
      'nothing was used to 2026-11-01',
    ])
    expect(usageTable({ by: [], rows: [] }, plain)).toEqual(['nothing was used'])
  })

  it('needs no sum for one row, and no keys', () => {
    expect(usageTable({ by: [], rows: [row({ answers: 1, cost: 1 })] }, plain)).toEqual([
      'answers  input  cached  output  cost  wasted  its cost',
      '      1      0       0       0  1.00       0         0',
    ])
  })

  it('shows no character that steers a terminal', () => {
    const lines = usageTable({ by: ['client'], rows: [row({ client: 'a\u001b[31m' })] }, plain)

    expect(lines.join('')).not.toContain('\u001b')
  })
})
