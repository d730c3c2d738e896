import { parseAst } from 'rolldown/parseAst'

/** One small change to a source: the text from `start` to `end` becomes `to`. */
export interface Mutant {
  readonly start: number
  readonly end: number
  readonly to: string
}

interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [field: string]: unknown
}

const operators: Readonly<Record<string, readonly string[]>> = {
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '===': ['!=='],
  '!==': ['==='],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['*'],
  '**': ['*'],
  '&': ['|'],
  '|': ['&'],
  '<<': ['>>'],
  '>>': ['<<'],
  '>>>': ['<<'],
  '&&': ['||'],
  '||': ['&&'],
  '??': ['&&'],
  '++': ['--'],
  '--': ['++'],
  '+=': ['-='],
  '-=': ['+='],
  '*=': ['/='],
  '/=': ['*='],
  '??=': ['='],
  '|=': ['&='],
}

/**
 * Every change that a test of this TypeScript should notice: comparisons, arithmetic and logic turned round, conditions fixed, numbers and booleans changed,
 * statements and what functions answer left out. Types and texts stay.
 */
export function mutants(source: string): Mutant[] {
  const found = new Map<string, Mutant>()
  const add = ({ start, end }: { start: number; end: number }, to: string) => {
    if (source.slice(start, end) !== to) found.set(`${start} ${end} ${to}`, { start, end, to })
  }
  walk(parseAst(source, { lang: 'ts' }) as unknown as Node, (node) => mutate(node, source, add))
  return [...found.values()].toSorted((a, b) => a.start - b.start || a.end - b.end)
}

type Add = (at: { start: number; end: number }, to: string) => void

function mutate(node: Node, source: string, add: Add): void {
  switch (node.type) {
    case 'BinaryExpression':
    case 'LogicalExpression':
    case 'AssignmentExpression':
      if (node['operator'] === '+' && (isText(node['left']) || isText(node['right']))) return
      return swap(node, source, add)
    case 'UpdateExpression':
      return swapAffix(node, add)
    case 'UnaryExpression':
      if (node['operator'] === '!' || node['operator'] === '-')
        add({ start: node.start, end: node.start + 1 }, '')
      return
    case 'IfStatement':
    case 'ConditionalExpression':
      add(node['test'] as Node, 'true')
      add(node['test'] as Node, 'false')
      return
    case 'Literal':
      if (typeof node['value'] === 'boolean') add(node, String(!node['value']))
      else if (typeof node['value'] === 'number')
        add(node, node['value'] === 0 ? '1' : `(${node['raw']} + 1)`)
      return
    case 'CallExpression': {
      const callee = node['callee'] as Node
      const name = source.slice(callee.start, callee.end)
      if (name === 'Math.max') add(callee, 'Math.min')
      if (name === 'Math.min') add(callee, 'Math.max')
      return
    }
    case 'ExpressionStatement':
      if ((node['expression'] as Node)['callee'] === undefined || !isSuper(node)) add(node, ';')
      return
    case 'ThrowStatement':
      return add(node, ';')
    case 'ReturnStatement':
      return add(node, node['argument'] == null ? ';' : 'return')
  }
}

/** Changes the operator between two operands, wherever it stands. */
function swap(node: Node, source: string, add: Add): void {
  const { end: after } = node['left'] as Node
  const { start: before } = node['right'] as Node
  const operator = node['operator'] as string
  const start = after + source.slice(after, before).indexOf(operator)
  for (const other of operators[operator] ?? []) add({ start, end: start + operator.length }, other)
}

function swapAffix(node: Node, add: Add): void {
  const start = node['prefix'] === true ? node.start : node.end - 2
  for (const other of operators[node['operator'] as string] ?? []) add({ start, end: start + 2 }, other)
}

const isText = (node: unknown): boolean => {
  const { type, value } = node as Node
  return type === 'TemplateLiteral' || typeof value === 'string'
}

const isSuper = (statement: Node): boolean =>
  ((statement['expression'] as Node)['callee'] as Node).type === 'Super'

/** What of TypeScript's own nodes is there at run time. */
const transparent = new Set(['TSAsExpression', 'TSNonNullExpression', 'TSSatisfiesExpression'])

function walk(node: Node, visit: (node: Node) => void): void {
  const isType = node.type.startsWith('TS')
  if (node.type === 'ImportDeclaration' || (isType && !transparent.has(node.type))) return
  if (!isType) visit(node)
  for (const child of Object.values(node)) {
    for (const each of Array.isArray(child) ? child : [child]) if (isNode(each)) walk(each, visit)
  }
}

function isNode(value: unknown): value is Node {
  return typeof (value as Node | null | undefined)?.type === 'string'
}
