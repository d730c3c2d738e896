/** How long a provider may keep us waiting, in ms: for its first token (streams), for its headers (otherwise), and between tokens. */
export interface Patience {
  readonly headers: number
  readonly firstToken: number
  readonly idle: number
}

/** The limits where a policy sets none, in ms; `total` is for one attempt. */
export const patienceDefaults = {
  connect: 5_000,
  headers: 60_000,
  firstToken: 10_000,
  idle: 15_000,
  total: 600_000,
} as const

/** How long a provider that has said all that matters may keep its connection, in ms: a usage event may follow, or `[DONE]`, or the words of an error. */
export const lingering = 1_000
