import { describe, expect, it } from 'vitest'
import type { ChatRequest } from '../chat-request.ts'
import { Tally } from '../tally.ts'
import { Account, type Booking, type Metered } from './account.ts'
import type { Used } from './used.ts'

const one = { input: 1, output: 2 }
const chain = () => ({
  name: 'default',
  tally: new Tally(),
  tariff: new Map([
    ['a/x', { model: 'x', price: one }],
    ['b/y', { model: 'y', price: undefined }],
    ['rules', { model: 'rules', price: { input: 0, output: 0 } }],
  ]),
})

const request = {
  json: '',
  dialect: 'openai',
  headers: {},
  model: 'default',
  stream: true,
  body: { messages: 'x'.repeat(400) },
} as const satisfies ChatRequest

/** An account and what was booked of it. */
const opened = (of: Partial<ChatRequest> = {}) => {
  const booked: Booking[] = []
  const account = new Account({
    chain: chain(),
    request: { ...request, ...of },
    books: {
      opened: () => {},
      book: (booking) => void booked.push(booking),
      closed: () => {},
    },
  })
  return { account, booked }
}

const told: Used = { input: 100, output: 20, cached: 0, written: 0 }
const attempt = (as: Partial<Metered> = {}): Metered => ({
  link: 'a/x',
  told: undefined,
  pieces: 0,
  characters: 0,
  sent: true,
  headStatus: 200,
  ...as,
})
const answered = { is: 'answered', link: 'a/x' } as const

describe('Account', () => {
  it('charges the client for the attempt that brought the answer, and books the others as waste', () => {
    const { account, booked } = opened()
    const cut = attempt({ link: 'b/y', pieces: 7, characters: 30 })
    const whole = attempt({ told })
    account.began(cut)
    account.over(cut, 'transient')
    account.began(whole)
    account.over(whole, 'whole')

    expect(booked).toEqual([])
    expect(account.close(answered)).toEqual(told)
    expect(booked).toMatchObject([
      {
        link: 'b/y',
        model: 'y',
        as: 'waste',
        told: false,
        micros: 0,
        priced: false,
        used: { input: 100, output: 8 },
      },
      { link: 'a/x', model: 'x', as: 'answer', told: true, micros: 140, priced: true, used: told },
    ])
  })

  it('estimates what an answer took that nobody told', () => {
    const { account, booked } = opened()
    account.over(attempt({ pieces: 3, characters: 100 }), 'whole')
    account.close(answered)

    expect(booked).toMatchObject([{ as: 'answer', told: false, used: { input: 100, output: 25 } }])
  })

  it.each([
    ['was refused', { headStatus: 429 }, 'throttled', false],
    ['was told a mistake', { headStatus: 400 }, 'permanent', false],
    ['reached nobody', { sent: false, headStatus: undefined }, 'transient', false],
    ['was cut off before it went out', { sent: false, headStatus: undefined }, 'cancelled', false],
    ['was reset before a word', { headStatus: undefined }, 'transient', false],
    ['was waited for in vain', { headStatus: undefined }, 'timeout', true],
    ['lost against another', { headStatus: undefined }, 'cancelled', true],
    ['began without a word', {}, 'timeout', true],
    ['was cut', { pieces: 1, characters: 3 }, 'transient', true],
    ['was refused, and told what it took', { headStatus: 500, told }, 'transient', true],
  ] as const)('knows whether one is paid for that %s', (_, as, end, paid) => {
    const { account, booked } = opened()
    account.over(attempt(as), end)
    account.close({ is: 'exhausted' })

    expect(booked.map((each) => each.as)).toEqual(paid ? ['waste'] : [])
  })

  it('takes what was said for more than what was told before it', () => {
    const { account, booked } = opened()
    const first = { ...told, output: 1, cached: 50 }
    account.over(attempt({ told: first, pieces: 9, characters: 40 }), 'transient')
    account.close({ is: 'exhausted' })

    expect(booked).toMatchObject([{ told: false, used: { input: 100, output: 10, cached: 50 } }])
  })

  it('charges a client that goes away for what it leaves, and for nothing before (I2)', () => {
    const { account, booked } = opened()
    account.over(attempt({ pieces: 4 }), 'transient')
    account.over(attempt({ pieces: 5 }), 'cancelled')
    account.close({ is: 'cancelled' })

    expect(booked.map((each) => [each.used.output, each.as])).toEqual([
      [4, 'waste'],
      [5, 'answer'],
    ])
  })

  it.each([
    ['rules', 'rules'],
    [undefined, 'cache'],
  ])('counts an answer of %s as one that is free', (link, expected) => {
    const { account, booked } = opened()
    account.over(attempt({ link: 'b/y', pieces: 2 }), 'transient')
    expect(account.close({ is: 'answered', link })).toMatchObject({ input: 0, output: 0 })

    expect(booked).toMatchObject([
      { as: 'waste' },
      { link: expected, as: 'answer', micros: 0, told: true, priced: true },
    ])
  })

  it('books as waste what comes after it was closed, and is closed once', () => {
    const { account, booked } = opened()
    const late = attempt({ pieces: 1 })
    account.began(late)
    account.close({ is: 'exhausted' })
    account.close(answered)
    expect(booked).toEqual([])
    account.over(late, 'whole')

    expect(booked).toMatchObject([{ as: 'waste' }])
  })

  it('has nothing of a request that counts tokens', () => {
    const { account, booked } = opened({ passage: 'count_tokens' })
    account.over(attempt({ pieces: 1 }), 'whole')
    account.close(answered)

    expect(booked).toEqual([])
  })

  it('tells what would be booked if nobody closed it', () => {
    const { account } = opened()
    account.over(attempt({ told }), 'whole')
    account.began(attempt({ pieces: 3 }))

    expect(account.soFar()).toMatchObject([
      { as: 'waste', told: false, used: told },
      { as: 'waste', told: false, used: { input: 100, output: 3 } },
    ])
  })
})
