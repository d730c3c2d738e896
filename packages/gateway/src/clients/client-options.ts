/** So many in a time: `per` is in ms. */
export interface Rate {
  readonly limit: number
  readonly per: number
}

/** The most that may be spent, in the currency of the prices: in a day or a month of the calendar (UTC), or ever. */
export interface SpendLimit {
  readonly amount: number
  readonly per: 'day' | 'month' | 'total'
}

/** Who may ask, and how much. */
export interface ClientOptions {
  /** SHA-256 of its secret, in hex. The secret itself is not kept anywhere. */
  readonly sha256: string
  /** The chains it may ask; all, if they are not said. */
  readonly chains?: readonly string[] | undefined
  readonly requests?: Rate | undefined
  /** Of prompts and answers together. */
  readonly tokens?: Rate | undefined
  readonly spend?: SpendLimit | undefined
  /** Requests at the same time. */
  readonly concurrent?: number | undefined
  /** Whether its streams are kept back until they are whole. */
  readonly buffered?: boolean | undefined
}
