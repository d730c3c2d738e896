import type { Client } from '../clients/client.ts'

/** What a client has spent in the day or month that it is, or ever, in millionths of the currency; requests in flight are in it with an estimate. */
export interface Spending {
  readonly micros: number
  /** When the day or month is over, in ms since 1970; `undefined` for what never begins again. */
  readonly until: number | undefined
}

/** Who knows what clients have spent. */
export interface Spendings {
  spent(client: string, per: 'day' | 'month' | 'total'): Spending
}

/** A client that may not ask before its next day or month. */
export interface Overspent {
  readonly message: string
  /** When it may ask again, in ms since 1970; `undefined` for never. */
  readonly until: number | undefined
}

/** Why a client may spend no more for now, or ever; `undefined` if it may. */
export function overspent(
  { name, spend }: Pick<Client, 'name' | 'spend'>,
  spendings: Spendings,
): Overspent | undefined {
  if (!spend) return undefined
  const { micros, until } = spendings.spent(name, spend.per)
  if (micros < spend.amount * 1_000_000) return undefined
  const limit = spend.per === 'total' ? `${spend.amount} in all` : `${spend.amount} a ${spend.per}`
  const when =
    until === undefined
      ? 'raise the limit of this client to let it ask again'
      : `it may ask again from ${new Date(until).toISOString().slice(0, 16).replace('T', ' ')} UTC on`
  return { message: `The client '${name}' may spend ${limit}, and has: ${when}.`, until }
}
