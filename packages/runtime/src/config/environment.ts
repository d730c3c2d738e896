/** The environment a file may refer to: names and values. */
export type Environment = Readonly<Record<string, string | undefined>>

/** One `${NAME}` or `${NAME:-default}`, as it is hidden in a text, and what it stands for; without a value it is not set. */
export interface Reference {
  readonly hidden: string
  readonly name: string
  readonly value: string | undefined
}

const reference = /(\$?)\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}\n]*))?\}/g

/** ASCII is hidden in the private use area, where YAML sees nothing but letters. */
const shift = 0xe000
const hiddenReference = /\uE024{1,2}\uE07B[^\uE07D\n]*\uE07D/g

/**
 * Hides every `${NAME}` and `${NAME:-default}` of a YAML text from the parser, without moving a character, so that all positions stay true and
 * neither braces nor a default can change what the file means: a default is taken as it is written. `$${NAME}` stands for the text `${NAME}`.
 */
export function hideReferences(yaml: string): string {
  return yaml.replace(reference, (text) => shifted(text, /[ -~]/g, shift))
}

/**
 * Puts the values in, after parsing, so that no value can change what the file means either; `seen` hears of each reference.
 * A variable that is set to nothing counts as not set.
 */
export function fillReferences(
  text: string,
  environment: Environment,
  seen: (reference: Reference) => void,
): string {
  return text.replace(hiddenReference, (hidden) =>
    shown(hidden).replace(reference, (written, doubled: string, name: string, fallback?: string) => {
      if (doubled) return written.slice(1)
      const value = (Object.hasOwn(environment, name) && environment[name]) || fallback
      seen({ hidden, name, value })
      return value ?? ''
    }),
  )
}

/** The text as it was before its references were hidden. */
export function shown(text: string): string {
  return text.replace(hiddenReference, (hidden) => shifted(hidden, /[\uE020-\uE07E]/g, -shift))
}

function shifted(text: string, characters: RegExp, by: number): string {
  return text.replace(characters, (character) => String.fromCharCode(character.charCodeAt(0) + by))
}
