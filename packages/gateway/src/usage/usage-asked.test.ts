import { describe, expect, it } from 'vitest'
import { usageAsked } from './usage-asked.ts'

const now = Date.UTC(2026, 10, 21, 12)

describe('usageAsked', () => {
  it('means clients and chains of this month, where nothing is said', () => {
    expect(usageAsked({}, now)).toEqual({ by: ['client', 'chain'], from: '2026-11-01' })
  })

  it('takes keys, days and a client', () => {
    const words = { by: 'day,model,link', from: '2026-02-28', to: '2026-03-01', client: 'alice' }

    expect(usageAsked(words, now)).toEqual({ ...words, by: ['day', 'model', 'link'] })
    expect(usageAsked({ by: '', to: '2024-02-29', client: '' }, now)).toEqual({
      by: [],
      to: '2024-02-29',
      client: '',
    })
  })

  it.each([
    [
      { by: 'client,user' },
      "nothing can be told apart by 'user': 'by' is some of day, client, chain, link, model",
    ],
    [{ by: 'day,day' }, "'by' says something twice"],
    [{ by: ['day', 'model'] }, "'by' can be said once"],
    [{ from: '2026-02-30' }, "'from' must be a day, such as 2026-11-21 (UTC)"],
    [{ to: 'yesterday' }, "'to' must be a day"],
    [{ from: '2026-11-02', to: '2026-11-01' }, "'from' is after 'to'"],
    [{ since: '2026-11-02' }, "there is no 'since': ask with by, from, to, client"],
  ])('says what is wrong with %j', (words, complaint) => {
    expect(usageAsked(words, now)).toContain(complaint)
  })
})
