import { leastFirst, type Places, type Standing } from './standing.ts'

/**
 * Whose answer will cost least: its price of input times the tokens of the request, and its price of output times those of its answers in the mean, since models
 * differ in how much they say as much as in what they ask for it. Of one that has not answered yet, as much is expected as of the others; of all,
 * `output`.
 */
export function cheapest(
  standings: readonly Standing[],
  tokens: { readonly input: number; readonly output: number },
): Places {
  const known = standings.flatMap(({ output }) => output ?? [])
  const usual = known.length > 0 ? known.reduce((sum, each) => sum + each) / known.length : tokens.output
  return leastFirst(standings, ({ price, output = usual }) =>
    price ? price.input * tokens.input + price.output * output : Infinity,
  )
}
