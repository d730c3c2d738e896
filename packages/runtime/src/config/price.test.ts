// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to the environment look like that
import { describe, expect, it } from 'vitest'
import { readConfig } from './read.ts'

const around = `upstreams:
  openai: { url: https://api.openai.com, key: k }
  local: { url: "http://127.0.0.1:1234" }
  orders: { postgres: "postgres://localhost/orders" }
chains: { default: [openai/gpt-5, local], cheap: [local] }
`
const read = (text: string, environment = {}) =>
  readConfig({ file: 'f', text: `${around}${text}\n`, environment })
const complaint = (text: string): string => {
  try {
    read(text)
  } catch (error) {
    return (error as Error).message
  }
  return 'none'
}

describe('prices', () => {
  it('are for a million tokens of a link, or of all models of an upstream', () => {
    const { prices } = read(
      'prices: { openai/gpt-5: { input: 1.25, output: "${OUT}", cached: 0.125, written: 2 }, local: { input: 0, output: 0 } }',
      { OUT: '10' },
    )

    expect(prices).toEqual({
      'openai/gpt-5': { input: 1.25, output: 10, cached: 0.125, written: 2 },
      local: { input: 0, output: 0 },
    })
    expect(read('prices:').prices).toEqual({})
  })

  it.each([
    ['{ openai: { input: 1 } }', 'f:6:19 prices.openai.output: is missing'],
    [
      '{ openai: { input: -1, output: 1 } }',
      'f:6:28 prices.openai.input: must be a price for a million tokens',
    ],
    [
      '{ openai: { input: much, output: 1 } }',
      'must be a price for a million tokens: a number from 0 to 1000000',
    ],
    [
      '{ openai: { input: 1, output: 1, cache: 1 } }',
      "prices.openai.cache: unknown key; did you mean 'cached'?",
    ],
    ['{ openia/gpt-5: { input: 1, output: 1 } }', "there is no upstream 'openia'; did you mean 'openai'?"],
    ['{ orders: { input: 1, output: 1 } }', "'orders' is no model, and uses no tokens: remove it"],
    ['{ openai/: { input: 1, output: 1 } }', "'openai/' names no model after the slash"],
    ['[openai]', 'prices'],
  ])('cannot be %s', (prices, said) => {
    expect(complaint(`prices: ${prices}`)).toContain(said)
  })

  it('are needed where what a client spends is limited', () => {
    const limited = (chains: string, prices: string): string =>
      complaint(
        `gateway: { keys: { alice: { secret: 0123456789abcdef, spend: 20/d${chains} } } }\nprices: ${prices}`,
      )
    const priced = '{ input: 1, output: 1 }'

    expect(limited('', `{ openai: ${priced} }`)).toMatch(
      /^f:6:62 gateway\.keys\.alice\.spend: cannot hold: 'local' of the chain 'default' has no price, so that it would be free/,
    )
    expect(limited(', chains: [cheap]', '{}')).toContain("'local' of the chain 'cheap' has no price")
    expect(limited(', chains: [cheap]', `{ local: ${priced} }`)).toBe('none')
    expect(limited('', `{ openai/gpt-5: ${priced}, local: ${priced} }`)).toBe('none')
  })
})
