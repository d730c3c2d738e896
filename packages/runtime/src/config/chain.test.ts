import { describe, expect, it } from 'vitest'
import { readConfig } from './read.ts'

const around =
  'policies: { quick: { timeout: 1s } }\nupstreams: { a: { url: http://a }, b: { url: http://b }, g: { grpc: "h:1" } }\nrules: [{ match: ., answer: later }]\nprices: { b: { input: 1, output: 2 } }\n'

const chainOf = (chain: string) =>
  readConfig({ file: 'x', text: `${around}chains:\n  c: ${chain}\n`, environment: {} }).chains['c']
const complaint = (chain: string): string => {
  try {
    chainOf(chain)
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

describe('chain', () => {
  it('is a list of links, which is a cascade, or a mapping that says more', () => {
    expect(chainOf('[a/m, b, rules]')).toEqual(chainOf('[{ link: a/m }, b, { link: rules }]'))
    expect(chainOf('[a, rules]')).toMatchObject({
      links: [{ link: 'a' }, { link: 'rules' }],
      order: 'cascade',
    })
    expect(
      chainOf(
        '{ links: [{ link: a, weight: 3, policy: quick }, { link: b, weight: "0.5" }, rules], order: weighted }',
      ),
    ).toMatchObject({
      links: [{ link: 'a', weight: 3, policy: 'quick' }, { link: 'b', weight: 0.5 }, { link: 'rules' }],
      order: 'weighted',
    })
  })

  it('reads short forms as long ones', () => {
    expect(chainOf('{ links: [a, b], hedge: 2s, cache: 10m }')).toMatchObject({
      hedge: { after: 2_000 },
      cache: { for: 600_000 },
    })
  })

  it.each([
    ['5', '6:6 chains.c: must be a list of links, or a mapping with `links`'],
    ['[5]', '6:7 chains.c[0]: must be a link, or a mapping: { link, weight, policy }'],
    ['[{ link: a, lnik: b }]', "chains.c[0].lnik: unknown key; did you mean 'link'?"],
    [
      '{ links: [{ link: a, wieght: 2 }] }',
      "6:27 chains.c.links[0].wieght: unknown key; did you mean 'weight'?",
    ],
    ['{ links: [a], ordre: fastest }', "6:20 chains.c.ordre: unknown key; did you mean 'order'?"],
    ['{ order: fastest }', 'chains.c.links: is missing'],
    ['{ links: [] }', '6:15 chains.c.links: must have at least one link'],
    ['{ links: [a], order: random }', '6:27 chains.c.order: must be one of cascade, weighted, least-loaded'],
    ['{ links: [a, rules], hedge: 2s }', '6:34 chains.c.hedge: asks another model when the first is late'],
    ['{ links: [a], hedge: soon }', "6:27 chains.c.hedge.after: 'soon' is no duration"],
    ['{ links: [a], hedge: { after: 1s, share: 2 } }', 'chains.c.hedge.share: must be a number from 0 to 1'],
    ['{ links: [a], cache: { for: 1m, keep: redis } }', 'chains.c.cache.keep: must be memory or disk'],
    ['{ links: [a], stream: true }', '6:28 chains.c.stream: must be buffered'],
    [
      '{ links: [{ link: a, weight: heavy }], order: weighted }',
      'chains.c.links[0].weight: must be a number of at least 0',
    ],
    [
      '[{ link: a, weight: 2 }, b]',
      '6:26 chains.c[0].weight: is for `order: weighted`, and the order of this chain is cascade',
    ],
    [
      '{ links: [a, { link: rules, weight: 2 }], order: weighted }',
      "chains.c.links[1].weight: 'rules' comes last in any case",
    ],
    [
      '{ links: [{ link: a, weight: 0 }, { link: b, weight: 0 }], order: weighted }',
      '6:15 chains.c.links: at least one link must have a weight above 0',
    ],
    [
      '[{ link: a, policy: quikc }]',
      "6:26 chains.c[0].policy: there is no policy 'quikc'; did you mean 'quick'?",
    ],
    ['[a, { link: rules, policy: quick }]', "chains.c[1].policy: 'rules' calls nobody: remove it"],
    ['[a, { link: a, policy: quick }]', "6:18 chains.c[1].link: 'a' stands in this chain already"],
    ['{ links: [a, g] }', "6:19 chains.c.links[1]: 'g' is no model: a link needs an upstream with a url"],
    [
      '{ links: [rules], order: fastest }',
      '6:31 chains.c.order: orders models, and this chain has none: remove it',
    ],
    [
      '{ links: [b/m, a], order: cheapest }',
      '6:21 chains.c.links[1]: has no price, and the order goes by it: add prices: { a: { input: 1.25, output: 10 } }',
    ],
    [
      '[a, stale]',
      '6:10 chains.c[1]: this chain keeps no old answers: add `cache: { for: 10m, stale: 1d }` to it',
    ],
  ])('complains of %s in its place', (chain, expected) => {
    expect(complaint(chain)).toContain(expected)
    expect(complaint(chain).split('\n')).toHaveLength(1)
  })

  it('keeps the names of what is no upstream for itself', () => {
    const text = 'upstreams: { stale: { url: http://x } }'
    expect(() => readConfig({ file: 'x', text, environment: {} })).toThrow(
      "1:21 upstreams.stale: 'stale' is the name of old answers; call the upstream something else",
    )
  })
})
