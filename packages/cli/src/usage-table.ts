import type { RecordedUsage } from '@holdfast/runtime'
import { columns } from './columns.ts'
import type { Paint } from './paint.ts'

/** What was used, a line for each row, with a sum under them; and what has to be known to read it. */
export function usageTable({ by, from, to, rows }: RecordedUsage, paint: Paint): string[] {
  const days = [from && `from ${from}`, to && `to ${to}`].filter(Boolean).join(' ')
  if (rows.length === 0) return [`nothing was used${days && ` ${days}`}`]
  const heads = [...by, 'answers', 'input', 'cached', 'output', 'cost', 'wasted', 'its cost']
  const right = new Set([...heads.keys()].filter((at) => at >= by.length))
  const body = rows.map((row) => [...by.map((key) => nameOf(row[key])), ...figures(row)])
  const lines = columns(
    [
      heads,
      ...body,
      ...(rows.length > 1 ? [[...by.map((_, at) => (at === 0 ? 'all' : '')), ...figures(all(rows))]] : []),
    ],
    right,
  )
  const [head = '', ...rest] = lines
  const total = rows.length > 1 ? rest.splice(-1) : []
  return [
    paint.dim(head),
    ...rest,
    ...total.map(paint.bold),
    ...notes(rows, days).map((note) => paint.dim(note)),
  ]
}

type Row = RecordedUsage['rows'][number]

function notes(rows: readonly Row[], days: string): string[] {
  const estimated = rows.some((row) => row.estimated > 0)
  const unpriced = rows.some(({ priced }) => !priced)
  const said = [
    ...(days ? [`${days} (UTC)`] : []),
    ...(estimated ? ['~ providers did not tell all of it, and the rest is estimated'] : []),
    ...(unpriced ? ['? some of it has no price in the file, and is not in the cost'] : []),
  ]
  return said.length > 0 ? ['', ...said] : []
}

function figures(
  row: Pick<Row, 'answers' | 'input' | 'cached' | 'output' | 'cost' | 'wasted' | 'estimated' | 'priced'>,
): string[] {
  const { answers, input, cached, output, cost, wasted, estimated, priced } = row
  const about = estimated > 0 ? '~' : ''
  const unsure = priced ? '' : '?'
  return [
    whole(answers),
    about + whole(input),
    whole(cached),
    about + whole(output),
    money(cost) + unsure,
    whole(wasted.attempts),
    money(wasted.cost) + unsure,
  ]
}

function all(rows: readonly Row[]) {
  const sum = (of: (row: Row) => number): number => rows.reduce((before, row) => before + of(row), 0)
  return {
    answers: sum(({ answers }) => answers),
    input: sum(({ input }) => input),
    cached: sum(({ cached }) => cached),
    output: sum(({ output }) => output),
    cost: sum(({ cost }) => cost),
    wasted: {
      attempts: sum(({ wasted }) => wasted.attempts),
      input: sum(({ wasted }) => wasted.input),
      output: sum(({ wasted }) => wasted.output),
      cost: sum(({ wasted }) => wasted.cost),
    },
    estimated: sum(({ estimated }) => estimated),
    priced: rows.every(({ priced }) => priced),
  }
}

/** A request without a key has no client. Nothing that steers a terminal is shown. */
function nameOf(name: string | undefined): string {
  return name?.replace(/[\x00-\x1f\x7f-\x9f]/g, '�') || '-'
}

function whole(number: number): string {
  return number.toLocaleString('en', { maximumFractionDigits: 0 })
}

/** In the currency of the prices, whichever that is. */
function money(amount: number): string {
  return amount === 0 ? '0' : amount < 0.01 ? amount.toFixed(6) : amount.toFixed(2)
}
