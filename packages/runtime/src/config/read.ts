import type { z } from 'zod'
import { type ClientKeys, clientKeys } from './client-keys.ts'
import { type Complaint, complaints } from './complaints.ts'
import type { Contradiction } from './contradiction.ts'
import { contradictions } from './contradictions.ts'
import { type Environment, fillReferences, hideReferences, shown } from './environment.ts'
import { ofKeys } from './key-contradictions.ts'
import { ConfigError } from './problem.ts'
import { type Config, schema } from './schema.ts'
import { type Flaw, type YamlText, yamlText } from './yaml-text.ts'

export interface Source {
  /** The name to put in front of every complaint. */
  readonly file: string
  readonly text: string
  readonly environment: Environment
}

/**
 * Reads a holdfast.yaml. Throws a `ConfigError` with the place of everything that is wrong, in the order of the file; no message holds a value
 * that came from the environment.
 */
export function readConfig(source: Source): Config {
  return read(source, { schema, contradictions })
}

/** Reads a file with the keys of clients, as `readConfig` does the file that names it. */
export function readKeys(source: Source, config: Config): ClientKeys {
  return read(source, { schema: clientKeys, contradictions: (clients) => ofKeys(clients, config) })
}

/** What a file may say, and what of it cannot be. */
interface Grammar<T> {
  readonly schema: z.ZodType<T>
  readonly contradictions: (read: T) => Iterable<Contradiction>
}

function read<T>({ file, text, environment }: Source, { schema, contradictions }: Grammar<T>): T {
  const source = hideReferences(text.replace(/^\uFEFF/, ''))
  const secrets = new Map<string, string>()
  const place = places(source)
  const refusal = (flaws: readonly Flaw[]): ConfigError => {
    const ordered = flaws.toSorted((a, b) => a.offset - b.offset)
    return new ConfigError(
      ordered.map(({ offset, message }) => ({
        file,
        ...place(offset),
        message: withoutSecrets(shown(message), secrets),
      })),
    )
  }

  const yaml = yamlText(source)
  // Only the first: it makes the parser stumble over what follows it.
  if (yaml.flaws[0]) throw refusal([yaml.flaws[0]])
  const unset = filled(yaml, source, environment, secrets)
  if (unset.length > 0) throw refusal(unset)

  const flaw = ({ path, message, atKey }: Complaint): Flaw => ({
    offset: yaml.offsetOf(path, atKey),
    message: path.length > 0 ? `${dotted(path)}: ${message}` : message,
  })
  const parsed = schema.safeParse(yaml.values())
  if (!parsed.success)
    throw refusal(parsed.error.issues.flatMap((issue) => complaints(issue, schema)).map(flaw))
  const wrong = Array.from(contradictions(parsed.data), flaw)
  if (wrong.length > 0) throw refusal(wrong)
  return parsed.data
}

/** Puts the environment in; answers what is not set, and notes which values must not be told. */
function filled(
  yaml: YamlText,
  source: string,
  environment: Environment,
  secrets: Map<string, string>,
): Flaw[] {
  const unset: Flaw[] = []
  yaml.fill((text, offset) =>
    fillReferences(text, environment, ({ hidden, name, value }) => {
      if (value === undefined)
        unset.push({
          offset: source.indexOf(hidden, offset),
          message: `\${${name}} is not set: export ${name}, or write \${${name}:-default}`,
        })
      else if (value === environment[name]) secrets.set(value, name)
    }),
  )
  return unset
}

/** Short values are no secrets, and would be found in half of all words. */
const shortestSecret = 6

function withoutSecrets(message: string, secrets: ReadonlyMap<string, string>): string {
  return [...secrets]
    .filter(([value]) => value.length >= shortestSecret)
    .reduce((safe, [value, name]) => safe.replaceAll(value, () => `\${${name}}`), message)
}

/** Line and column of an offset, both from 1. */
function places(text: string): (offset: number) => { line: number; column: number } {
  const starts = [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)]
  return (offset) => {
    const line = starts.findLastIndex((start) => start <= offset)
    return { line: line + 1, column: offset - starts[line]! + 1 }
  }
}

function dotted(path: Complaint['path']): string {
  return path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index > 0 ? '.' : ''}${String(step)}`))
    .join('')
}
