/**
 * Tokens that a call took. `cached` (read from a provider's cache) and `written` (into it) are parts of `input`; what a model thinks is part of `output`.
 */
export interface Used {
  readonly input: number
  readonly output: number
  readonly cached: number
  readonly written: number
}

/** What one attempt took, and whether its provider said so itself; what is not told is estimated. */
export interface AttemptUsage {
  /** The name of its link. */
  readonly link: string
  readonly model: string
  readonly used: Used
  readonly told: boolean
  /** Whether it brought the answer to its end: all others are wasted, and are not the client's to pay. */
  readonly whole: boolean
}

export const unused: Used = { input: 0, output: 0, cached: 0, written: 0 }
