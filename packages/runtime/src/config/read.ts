import {
  type Document,
  isMap,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml'
import type { z } from 'zod'
import { checkNames } from './check.ts'
import { type Environment, fillReferences, hideReferences } from './environment.ts'
import { didYouMean, keysAt } from './known-keys.ts'
import { ConfigError, type Problem } from './problem.ts'
import { type Config, schema } from './schema.ts'

export interface Source {
  /** The name to put in front of every complaint. */
  readonly file: string
  readonly text: string
  readonly environment: Environment
}

export type Path = readonly PropertyKey[]

/** Reads a holdfast.yaml. Throws a `ConfigError` with the place of everything that is wrong. */
export function readConfig({ file, text, environment }: Source): Config {
  const lines = new LineCounter()
  const document = parseDocument(hideReferences(text), { lineCounter: lines, prettyErrors: false })
  const at = (offset: number): Omit<Problem, 'message'> => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(1, line), column: Math.max(1, col) }
  }
  const syntax = document.errors.map((error) => ({ ...at(error.pos[0]), message: sentence(error.message) }))
  if (syntax.length > 0) throw new ConfigError(syntax.slice(0, 1))

  const unset = fill(document, environment).map(({ name, offset }) => ({
    ...at(offset),
    message: `\${${name}} is not set: export ${name}, or write \${${name}:-default}`,
  }))
  if (unset.length > 0) throw new ConfigError(unset)

  const problem = (path: Path, message: string, key?: string): Problem => ({
    ...at(offsetOf(document, path, key)),
    message: path.length > 0 ? `${dotted(path)}: ${message}` : message,
  })
  const read = schema.safeParse(document.toJS() ?? {})
  if (!read.success)
    throw new ConfigError(
      read.error.issues.flatMap((issue) =>
        complaints(issue).map(({ path, message, key }) => problem(path, message, key)),
      ),
    )
  const wrong = checkNames(read.data)
  if (wrong.length > 0) throw new ConfigError(wrong.map(({ path, message }) => problem(path, message)))
  return read.data
}

/** Replaces references to the environment in every value; answers those that are not set. */
function fill(document: Document, environment: Environment): { name: string; offset: number }[] {
  const unset: { name: string; offset: number }[] = []
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value !== 'string') return
      const offset = node.range?.[0] ?? 0
      node.value = fillReferences(node.value, environment, (name) => unset.push({ name, offset }))
    },
  })
  return unset
}

interface Complaint {
  readonly path: Path
  readonly message: string
  /** Set where the key itself is wrong, not its value. */
  readonly key?: string
}

function complaints(issue: z.core.$ZodIssue): Complaint[] {
  const { path } = issue
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, path)
    return issue.keys.map((key) => ({
      path: [...path, key],
      message: `unknown key${didYouMean(key, known)}`,
      key,
    }))
  }
  if (issue.code === 'invalid_key')
    return [{ path, message: issue.issues[0]?.message ?? issue.message, key: String(path.at(-1)) }]
  const own = issue.code !== 'invalid_type' || /^(must|is missing)/.test(issue.message)
  return [{ path, message: own ? issue.message : typeMessage(issue) }]
}

const kinds: Readonly<Record<string, string>> = {
  object: 'a mapping (key: value)',
  record: 'a mapping (name: …)',
  array: 'a list',
  string: 'text',
  number: 'a number',
  boolean: 'true or false',
}

function typeMessage(issue: z.core.$ZodIssueInvalidType): string {
  return issue.message.includes('received undefined')
    ? 'is missing'
    : `must be ${kinds[issue.expected] ?? issue.expected}`
}

/** Where a path stands in the text: its value, or its key; where that is absent, the nearest thing around it. */
function offsetOf(document: Document, path: Path, key?: string): number {
  if (key !== undefined) {
    const around = document.getIn(path.slice(0, -1), true)
    const pair = isMap(around)
      ? around.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === key)
      : undefined
    if (pair && isNode(pair.key)) return pair.key.range?.[0] ?? 0
  }
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true) as Node | undefined
    if (isNode(node) && node.range) return node.range[0]
  }
  return document.contents?.range?.[0] ?? 0
}

function dotted(path: Path): string {
  return path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index > 0 ? '.' : ''}${String(step)}`))
    .join('')
}

/** The parser's complaints, without what it says of its own options. */
function sentence(message: string): string {
  return `is not YAML: ${message.split('\n')[0]}`
}
