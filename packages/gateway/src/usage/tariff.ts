import type { Link } from '../link.ts'
import { type Price, type Prices, priceOf } from './price.ts'

/** How the ledger knows the links of one chain: what they ask for, and what that costs. */
export type Tariff = ReadonlyMap<string, { readonly model: string; readonly price: Price | undefined }>

/** A link without a model of its own asks for the name of the chain. Links that call nobody are free, which is a price too. */
export function tariff(chain: string, links: readonly Link[], prices: Prices): Tariff {
  return new Map(
    links.map((link) => [
      link.name,
      link.is === 'upstream'
        ? { model: link.model ?? chain, price: priceOf(link.name, prices) }
        : { model: link.name, price: { input: 0, output: 0 } },
    ]),
  )
}
