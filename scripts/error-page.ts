// Writes docs/errors.md from the source: `npm run errors`. A test holds page and source together.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type FailureClass, failureClasses, WireFailure } from '@holdfast/transport'

interface Entry {
  readonly code: string
  readonly raised: string
  readonly what: string
  readonly cure: string
}

const root = join(import.meta.dirname, '..')
const page = join(root, 'docs', 'errors.md')
const wireFolder = 'packages/transport/src'

/** The page as the source would have it. */
export function errorPage(): string {
  const sections = [
    section('policy', 'Calls that may fail', classes('packages/policy/src/errors.ts')),
    section('transport', 'Wires', [...wires(), ...raised(wireFolder), ...facts(wireFolder)]),
    section('telemetry', 'Traces, metrics and logs', raised('packages/telemetry/src')),
    section('governor', 'Processes', raised('packages/governor/src')),
    section('gateway', 'Language models', [
      ...classes('packages/gateway/src/ai-sdk/exhausted-error.ts'),
      ...raised('packages/gateway/src').filter((entry) => entry.raised === 'HoldfastError'),
    ]),
    section('runtime', 'The file, and the running system', raised('packages/runtime/src')),
  ]
  return `# Errors

Every error that Holdfast raises by itself is a \`HoldfastError\`: \`code\` is stable and made for programs, \`message\` says what happened and why, \`hint\` says what to try. Those that turn a call away are a \`RejectedError\` as well and have no stack. What the gateway answers over HTTP is in [the gateway](guide/the-gateway.md).

This page is made from the source by \`npm run errors\`.

${sections.join('\n')}`
}

function section(name: string, title: string, entries: readonly Entry[]): string {
  const rows = [...entries]
    .sort((a, b) => a.code.localeCompare(b.code) || a.what.localeCompare(b.what))
    .map(({ code, raised, what, cure }) => `| \`${code}\` | \`${raised}\` | ${cell(what)} | ${cell(cure)} |`)
  return `## ${title} (\`${name}\`)

| code | class | what happened | what to try |
| --- | --- | --- | --- |
${[...new Set(rows)].join('\n')}
`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replace(/\s+/g, ' ').trim()
}

/** Error classes with a code of their own: what happened is the first sentence of their comment. */
function classes(path: string): Entry[] {
  const text = readFileSync(join(root, path), 'utf8')
  const found = text.matchAll(
    /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*export class (\w+) extends \w+ \{([\s\S]*?)\n\}/g,
  )
  return [...found].flatMap(([, comment, raised, body]) => {
    const call = body!.indexOf('super(')
    const [code, , cure] = call === -1 ? [] : argumentsAt(body!, call + 'super('.length)
    if (code === undefined || cure === undefined || !isCode(code)) return []
    const prose = comment!
      .replace(/^\s*\* ?/gm, ' ')
      .replace(/\s+/g, ' ')
      .trim()
    return [{ code: literal(code), raised: raised!, what: sentence(prose), cure: literal(cure) }]
  })
}

/** The files of a folder that may raise something, with what is in them. */
function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.includes('testing'))
    .map((name) => readFileSync(join(root, folder, name), 'utf8'))
}

/** Errors that are given their code where they are raised. */
function raised(folder: string): Entry[] {
  return sources(folder).flatMap((text) =>
    [...text.matchAll(/(?:new (\w+)|\b(super))\(/g)].flatMap((match) => {
      const [code, what, cure] = argumentsAt(text, match.index + match[0].length)
      if (code === undefined || what === undefined || cure === undefined || !isCode(code)) return []
      const raised = match[1] ?? classAround(text, match.index) ?? 'HoldfastError'
      return [{ code: literal(code), raised, what: literal(what), cure: literal(cure) }]
    }),
  )
}

/** Failures of a wire whose code is among their facts: `{ code: 'A_B', … }`, or `A_B: { … }` in a table. */
function facts(folder: string): Entry[] {
  return sources(folder).flatMap((text) =>
    [...text.matchAll(/\bcode: ('[A-Z]+(?:_[A-Z]+)+')|\b([A-Z]+(?:_[A-Z]+)+): \{/g)].flatMap((match) => {
      const [whole, given, key] = match
      const inside = key === undefined ? match.index : match.index + whole.length
      const found = factsAround(text, inside)
      const { class: of, message, hint } = found
      if (message === undefined) return []
      const raised = found.super ? (classAround(text, match.index) ?? 'WireFailure') : 'WireFailure'
      const classes = failureClasses.filter((each) => of?.includes(`'${each}'`))
      return (classes.length === 0 ? (['permanent'] as const) : classes).map((each) => ({
        code: given === undefined ? key! : literal(given),
        raised,
        what: /^['"`]/.test(message) ? literal(message) : happened[each],
        cure: hint === undefined ? cureOf(each) : literal(hint),
      }))
    }),
  )
}

interface Facts {
  readonly class?: string
  readonly message?: string
  readonly hint?: string
  readonly super: boolean
}

/** The facts in the object around a place, and in those around that as far as they say more; what has a name is looked up. */
function factsAround(text: string, place: number): Facts {
  let found: Record<string, string> = {}
  let at = place
  for (let depth = 0; depth < 2 && found['message'] === undefined; depth++) {
    at = openingOf(text, at)
    if (at < 0) break
    found = { ...fieldsAt(text, at + 1), ...found }
  }
  const named = (name: string): string | undefined => found[name] && resolved(text, found[name], place)
  const facts = { class: named('class'), message: named('message'), hint: named('hint') }
  const known = Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined))
  return { ...known, super: /super\($/.test(text.slice(0, Math.max(0, at)).trimEnd()) }
}

/** Where the innermost brace that is open at a place opens; -1 where there is none. */
function openingOf(text: string, place: number): number {
  let depth = 0
  for (let at = place - 1; at >= 0; at--) {
    if (text[at] === '}') depth++
    else if (text[at] === '{' && depth-- === 0) return at
  }
  return -1
}

/** Names and values of an object, from just behind its brace. */
function fieldsAt(text: string, start: number): Record<string, string> {
  const fields = argumentsAt(text, start).flatMap((field) => {
    const [, name, value] = /^(?:\/\/[^\n]*\s*)*(\w+)(?::\s*([\s\S]+))?$/.exec(field) ?? []
    return name === undefined ? [] : [[name, value ?? name] as const]
  })
  return Object.fromEntries(fields)
}

/** What a name stands for that was given one before a place; anything else as it is. */
function resolved(text: string, value: string, place: number): string {
  if (!/^\w+$/.test(value)) return value
  const given = [...text.matchAll(new RegExp(`\\bconst ${value} =\\s*`, 'g'))]
  const last = given.findLast(({ index }) => index < place) ?? given[0]
  if (last === undefined) return value
  const start = last.index + last[0].length
  return /['"`]/.test(text[start]!)
    ? text.slice(start, behindString(text, start) + 1)
    : text.slice(start, text.indexOf('\n', start))
}

/** The class that stands around a place. */
function classAround(text: string, place: number): string | undefined {
  return text
    .slice(0, place)
    .match(/class (\w+)/g)
    ?.at(-1)
    ?.slice('class '.length)
}

const happened: Readonly<Record<FailureClass, string>> = {
  throttled: 'The other side asks to be called less often.',
  unsent: 'The request never reached who would do it.',
  transient: 'The other side failed in a way that may pass.',
  broken: 'The connection broke after the request had left.',
  permanent: 'The call cannot succeed as it is.',
  timeout: 'There was no answer in time.',
  cancelled: 'The caller left.',
}

function cureOf(of: FailureClass): string {
  return new WireFailure({ class: of, message: '' }).hint
}

function wires(): Entry[] {
  return failureClasses.map((name) => {
    const { code, hint } = new WireFailure({ class: name, message: '' })
    return { code, raised: 'WireFailure', what: happened[name], cure: hint }
  })
}

/** The source of each argument of a call, from just behind its parenthesis. */
function argumentsAt(text: string, start: number): string[] {
  const found: string[] = []
  let depth = 0
  let from = start
  for (let at = start; at < text.length; at++) {
    const sign = text[at]!
    if (`'"\``.includes(sign)) at = behindString(text, at)
    else if ('([{'.includes(sign)) depth++
    else if (depth === 0 && ')]}'.includes(sign)) return [...found, text.slice(from, at).trim()]
    else if (')]}'.includes(sign)) depth--
    else if (sign === ',' && depth === 0) {
      found.push(text.slice(from, at).trim())
      from = at + 1
    }
  }
  return found
}

/** The last sign of the string that begins at `start`. */
function behindString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === text[start]) return at
  }
  return text.length
}

function isCode(source: string): boolean {
  return /^'[A-Z]+(_[A-Z]+)*'$/.test(source)
}

/** What a string says; what is filled in stands as its name. */
function literal(source: string): string {
  if (!/^['"`]/.test(source))
    return source.match(/\w+/g)?.includes('problems') ? 'Each problem of the file, with its place.' : '…'
  return source
    .slice(1, -1)
    .replace(/\$\{((?:[^{}]|\{[^{}]*\})*)\}/g, (_, inside: string) => `‹${name(inside)}›`)
}

function name(expression: string): string {
  return expression.match(/[A-Za-z]\w*/g)?.at(-1) ?? expression
}

function sentence(prose: string): string {
  return prose.match(/^.*?[.](?=\s|$)/)?.[0].replaceAll('`', '') ?? prose
}

if (process.argv[1] === import.meta.filename) writeFileSync(page, errorPage())
