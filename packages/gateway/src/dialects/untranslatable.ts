/**
 * A request, or an answer, that says something which the other dialect has no word for. `field` is where it stands, `messages[2].content[0]`; the
 * message is for whoever wrote it.
 */
export class Untranslatable extends Error {
  override readonly name = 'Untranslatable'
  readonly field: string

  constructor(field: string, why: string) {
    super(`\`${field}\` ${why}`)
    this.field = field
  }
}

/** That a field has no counterpart on a wire: `Anthropic messages`, `OpenAI chat completions`. */
export function unknownTo(wire: string, field: string): Untranslatable {
  return new Untranslatable(
    field,
    `has no counterpart in ${wire}: leave it out, or name a chain with a link that speaks the dialect of this request.`,
  )
}
