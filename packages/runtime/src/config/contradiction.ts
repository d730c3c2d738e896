/** A name that leads nowhere, or two things that cannot both be. */
export interface Contradiction {
  readonly path: readonly PropertyKey[]
  readonly message: string
}
