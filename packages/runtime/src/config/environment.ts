/** The environment a file may refer to: names and values. */
export type Environment = Readonly<Record<string, string | undefined>>

const reference = /(\$?)\$\{([A-Za-z_][A-Za-z0-9_]*)(:-[^}\n]*)?\}/g
const marked = /\uE000\uE001([A-Za-z_][A-Za-z0-9_]*)(:-[^\uE002\n]*)?\uE002/g

/**
 * Hides every `${NAME}` and `${NAME:-default}` of a YAML text from the parser, which would take their braces for a mapping, without moving a character,
 * so that all positions stay true. `$${NAME}` stands for itself.
 */
export function hideReferences(yaml: string): string {
  return yaml.replace(reference, (_, doubled: string, name: string, fallback = '') =>
    doubled ? `\uE003\uE003\uE004${name}${fallback}\uE005` : `\uE000\uE001${name}${fallback}\uE002`,
  )
}

/** Puts the values in, after parsing, so that no value can change what the file means. Names that are not set go to `missing`. */
export function fillReferences(
  text: string,
  environment: Environment,
  missing: (name: string) => void,
): string {
  const filled = text.replace(marked, (_, name: string, fallback?: string) => {
    const value = environment[name]
    if (value !== undefined && value !== '') return value
    if (fallback !== undefined) return fallback.slice(2)
    missing(name)
    return ''
  })
  return filled.replace(/\uE003\uE003\uE004/g, '${').replace(/\uE005/g, '}')
}
