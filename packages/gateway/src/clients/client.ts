import type { SpendLimit } from './client-options.ts'

/** Whose request it is: one of those that the configuration gives a key. */
export interface Client {
  readonly name: string
  /** Whether its streams are kept back until they are whole. */
  readonly buffered: boolean
  /** The most that it may spend. */
  readonly spend: SpendLimit | undefined
  /** Whether it may ask that chain. */
  mayAsk(chain: string): boolean
}
