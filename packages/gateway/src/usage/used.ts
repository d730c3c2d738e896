/**
 * Tokens that a call took. `cached` (read from a provider's cache) and `written` (into it) are parts of `input`; what a model thinks is part of `output`.
 */
export interface Used {
  readonly input: number
  readonly output: number
  readonly cached: number
  readonly written: number
}

export const unused: Used = { input: 0, output: 0, cached: 0, written: 0 }

/** What both took. */
export function sum(a: Used, b: Used): Used {
  return {
    input: a.input + b.input,
    output: a.output + b.output,
    cached: a.cached + b.cached,
    written: a.written + b.written,
  }
}
