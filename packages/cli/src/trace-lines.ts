import type { TraceSummary, TraceView } from '@holdfast/runtime'
import { columns } from './columns.ts'
import type { Paint } from './paint.ts'

/** The traces of a list, a line each: when, what, how long, and by which ids it is found again. */
export function traceList(traces: readonly TraceSummary[], paint: Paint): string[] {
  if (traces.length === 0) return ['no request has been traced yet']
  return columns(
    traces.map(({ id, name, startedAt, duration, status, spans, correlation }) => [
      new Date(startedAt).toISOString(),
      mark(status, paint),
      name,
      ms(duration),
      `${spans} span${spans === 1 ? '' : 's'}`,
      id,
      correlation ?? '',
    ]),
  )
}

/** One trace as a tree: each span under its parent, and under each what happened in it, when, and why. */
export function traceTree(trace: TraceView, paint: Paint): string[] {
  const { id, correlation, spans, dropped, startedAt } = trace
  const known = new Set(spans.map(({ spanId }) => spanId))
  const rows: string[][] = []
  const add = (span: Span, depth: number): void => {
    const indent = '  '.repeat(depth)
    const name = `${indent}${mark(span.status, paint)} ${printable(span.name)}`
    rows.push([name, after(span.startedAt - startedAt), ms(span.duration), paint.dim(facts(span.attributes))])
    for (const event of span.events) {
      const what = `${indent}  ${paint.dim('·')} ${printable(event.name)}`
      rows.push([what, after(event.at - startedAt), '', paint.dim(facts(event.attributes))])
    }
    for (const child of spans) if (child.parentId === span.spanId) add(child, depth + 1)
  }
  for (const span of spans) if (span.parentId === undefined || !known.has(span.parentId)) add(span, 0)
  return [
    [`trace ${id}`, correlation !== undefined && `correlation ${correlation}`].filter(Boolean).join('  '),
    '',
    ...columns(rows),
    ...(dropped > 0 ? [`and ${dropped} more spans that there was no room for`] : []),
  ]
}

type Span = TraceView['spans'][number]

function mark(status: Span['status'], paint: Paint): string {
  return status === 'ok' ? paint.green('●') : paint.red('○')
}

/** What a span or an event says, in the order in which it was said; whose names it are is left out. */
function facts(attributes: Readonly<Record<string, unknown>>): string {
  const said = Object.entries(attributes).map(([name, value]) => {
    const shown = Array.isArray(value) ? value.join(',') : value
    const number =
      typeof shown === 'number' && !Number.isInteger(shown) ? Number(shown.toPrecision(3)) : shown
    return `${name.replace(/^(holdfast|gen_ai|http)\./, '')}=${number}`
  })
  return printable(said.join(' '))
}

/** Nothing that steers a terminal. */
function printable(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f]/g, '�')
}

function after(ms: number): string {
  return `+${Math.max(0, Math.round(ms))}`
}

function ms(value: number): string {
  return `${value < 10 ? value.toPrecision(2) : Math.round(value)} ms`
}
