import type { Client } from '../clients/client.ts'

/** What a client has spent in the day or month that it is, or ever, in millionths of the currency. */
export interface Spending {
  readonly micros: number
  /** What its requests in flight may cost besides. */
  readonly inFlight: number
  /** When the day or month is over, in ms since 1970; `undefined` for what never begins again. */
  readonly until: number | undefined
}

/** Who knows what clients have spent. */
export interface Spendings {
  spent(client: string, per: 'day' | 'month' | 'total'): Spending
}

/** A client that may not ask before its next day or month, or before what it has in flight is over. */
export type Overspent =
  /** `until`: when it may ask again, in ms since 1970; `undefined` for never. */
  | { readonly is: 'spent'; readonly message: string; readonly until: number | undefined }
  | { readonly is: 'in flight'; readonly message: string }

/** Why a client may spend no more for now, or ever; `undefined` if it may. */
export function overspent(
  { name, spend }: Pick<Client, 'name' | 'spend'>,
  spendings: Spendings,
): Overspent | undefined {
  if (!spend) return undefined
  const { micros, inFlight, until } = spendings.spent(name, spend.per)
  const most = spend.amount * 1_000_000
  if (micros + inFlight < most) return undefined
  const limit = spend.per === 'total' ? `${spend.amount} in all` : `${spend.amount} a ${spend.per}`
  const may = `The client '${name}' may spend ${limit}`
  if (micros < most)
    return { is: 'in flight', message: `${may}, and what it has in flight may cost all that is left of it.` }
  const when =
    until === undefined
      ? 'raise the limit of this client to let it ask again'
      : `it may ask again from ${new Date(until).toISOString().slice(0, 16).replace('T', ' ')} UTC on`
  return { is: 'spent', message: `${may}, and has: ${when}.`, until }
}
