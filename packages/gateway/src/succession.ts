import { ProviderFailure } from './provider-failure.ts'

/** Who said that the request cannot be answered as it is, and in which words. */
export interface Refused {
  readonly link: string
  readonly failure: ProviderFailure
}

/**
 * Who may take over for whom, in one walk along a chain:
 *
 * - Where the request itself is at fault (a content filter, a wrong parameter), nobody.
 * - Where it is too long, those that take more, or of whom that is not known.
 * - Where a link has no words for it, those of another wire.
 * - Where it asks for what a model cannot do, other models.
 * - For everything else (down, slow, throttled, a key that is refused), anybody.
 *
 * When nobody has answered, what a provider said about the request counts for more than that others were away, and that counts for more than what
 * models cannot do: one that can may be back soon.
 */
export class Succession {
  #refused: Refused | undefined
  #unable: Refused | undefined
  #away = false
  #atLeast = 0

  get refused(): Refused | undefined {
    return this.#refused ?? (this.#away ? undefined : this.#unable)
  }

  /** Why it is of no use to ask a link that takes `context` tokens, if it is not. */
  unable(context: number | undefined): string | undefined {
    const tooSmall = this.#refused && context !== undefined && context <= this.#atLeast
    return tooSmall ? `takes no more than ${context} tokens` : undefined
  }

  /** Takes note of what a link failed with; answers whether anybody else may be asked. */
  failed({ name, context }: { name: string; context: number | undefined }, error: unknown): boolean {
    const blame = error instanceof ProviderFailure ? error.blame : 'link'
    if (!(error instanceof ProviderFailure) || blame === 'link' || blame === 'model') {
      this.#away = true
      return true
    }
    if (blame === 'request') this.#refused = { link: name, failure: error }
    else if (error.code === 'UNABLE') this.#unable ??= { link: name, failure: error }
    else this.#refused ??= { link: name, failure: error }
    if (blame === 'size') this.#atLeast = Math.max(this.#atLeast, context ?? 0)
    return blame !== 'request'
  }
}
