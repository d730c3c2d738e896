import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  visit,
} from 'yaml'

export type Path = readonly PropertyKey[]

/** Something that a text says wrongly as YAML, and its offset. */
export interface Flaw {
  readonly offset: number
  readonly message: string
}

/** A YAML text that knows where everything in it stands. */
export interface YamlText {
  readonly flaws: readonly Flaw[]
  /** Replaces every piece of text, keys included; `offset` is where it begins. */
  fill(value: (text: string, offset: number) => string): void
  /** What the text says, `{}` for nothing. */
  values(): unknown
  /** Where a path stands: its value, or its key if `atKey` or it has no value; where it is absent, the nearest thing around it. */
  offsetOf(path: Path, atKey?: boolean): number
}

/** Parses; a text that is no YAML has flaws. */
export function yamlText(text: string): YamlText {
  const document = parseDocument(text, { prettyErrors: false, merge: true })
  const syntax = [...document.errors, ...document.warnings].map(({ code, message, pos }) => {
    const reason = code === 'MULTIPLE_DOCS' ? 'there is a second document' : message.split('\n')[0]
    return { offset: pos[0], message: `is not YAML: ${reason}` }
  })
  return {
    flaws: syntax.length > 0 ? syntax : strange(document),
    fill(value) {
      visit(document, {
        Scalar(_, node) {
          if (typeof node.value === 'string') node.value = value(node.value, start(node))
        },
      })
    },
    values: () => document.toJS() ?? {},
    offsetOf: (path, atKey = false) => offsetOf(document.contents, path, atKey),
  }
}

/** What YAML allows and no configuration can mean. */
function strange(document: Document): Flaw[] {
  const found: Flaw[] = []
  visit(document, {
    Alias(_, node, around) {
      const target = node.resolve(document)
      const message =
        target === undefined ? `there is no anchor '${node.source}' before it` : 'is within itself'
      if (target === undefined || around.includes(target)) found.push({ offset: start(node), message })
    },
    Pair(_, { key }) {
      if (!isScalar(key) || key.value === '__proto__')
        found.push({ offset: start(key), message: 'this cannot be a key' })
    },
  })
  if (found.length > 0) return found
  try {
    document.toJS()
    return []
  } catch (error) {
    return [{ offset: 0, message: `is not YAML: ${(error as Error).message}` }]
  }
}

function offsetOf(root: Node | null, path: Path, atKey: boolean): number {
  let here: unknown = root
  let offset = start(root)
  for (const [depth, step] of path.entries()) {
    const pair = isMap(here) ? here.items.find((item) => isNamed(item, String(step))) : undefined
    const value: unknown = isSeq(here) ? here.items[Number(step)] : pair?.value
    const wantsKey = pair && ((atKey && depth === path.length - 1) || isEmpty(value))
    if (!wantsKey && !isNode(value)) break
    offset = start(wantsKey ? pair.key : value)
    here = value
  }
  return offset
}

function isNamed({ key }: Pair, name: string): boolean {
  return isScalar(key) && String(key.value) === name
}

/** Nothing at all, as opposed to `null` or `~` or an alias. */
function isEmpty(value: unknown): boolean {
  return !isNode(value) || (!isAlias(value) && value.range?.[0] === value.range?.[1])
}

function start(node: unknown): number {
  return (isNode(node) && node.range?.[0]) || 0
}
