import type { ProcessPolicies } from '@holdfast/runtime'
import { type Paint, widthOf } from './paint.ts'

/** The breakers and policies of all processes, a line each, for `holdfast status`. The edge's own are in the picture already. */
export function policyLines(processes: readonly ProcessPolicies[], paint: Paint): string[] {
  const rows = processes.filter(({ service }) => service !== 'edge').flatMap((each) => rowsOf(each, paint))
  if (rows.length === 0) return []
  const width = Math.max(...rows.map(({ name }) => name.length))
  return [
    '',
    'policies',
    ...rows.map(({ name, state, facts }) => {
      const gap = ' '.repeat(Math.max(1, 14 - widthOf(state)))
      return `  ${name.padEnd(width)}  ${state}${gap}${facts}`.trimEnd()
    }),
  ]
}

interface Row {
  readonly name: string
  readonly state: string
  readonly facts: string
}

function rowsOf(process: ProcessPolicies, paint: Paint): Row[] {
  const { kinds, omitted = 0 } = process
  const where = placeOf(process)
  if (kinds === undefined) return [{ name: '', state: paint.red('○ silent'), facts: where }]
  const rows = [
    ...(kinds.breaker ?? []).map((each) => breakerRow(each as Breaker, paint)),
    ...(kinds.policy ?? []).map((each) => policyRow(each as Policy)),
    ...(omitted > 0 ? [{ name: '', state: '', facts: `and ${omitted} more` }] : []),
  ]
  return rows.map((row) => ({ ...row, facts: [where, row.facts].filter(Boolean).join(' · ') }))
}

/** Where a process belongs, in words. */
export function placeOf({ service, pid }: { readonly service?: string; readonly pid: number }): string {
  return service === undefined ? `pid ${pid}` : `${service} (pid ${pid})`
}

/** What these lines show of a breaker and of a policy; durations are ms. */
interface Breaker {
  readonly name: string
  readonly is: string
  readonly counts: { readonly rejected: number }
}
interface Policy {
  readonly name: string
  readonly counts: { readonly calls: number; readonly failures: number }
  readonly durations?: { readonly p50: number; readonly p99: number }
}

function breakerRow({ name, is, counts }: Breaker, paint: Paint): Row {
  const words: Readonly<Record<string, string>> = {
    closed: paint.green('● closed'),
    'half-open': paint.yellow('◐ half-open'),
    open: paint.red('○ open'),
    isolated: paint.red('○ isolated'),
  }
  return {
    name,
    state: words[is] ?? paint.yellow(`◐ ${is}`),
    facts: counts.rejected > 0 ? `${counts.rejected} rejected` : '',
  }
}

function policyRow({ name, counts, durations }: Policy): Row {
  const { calls, failures } = counts
  const times = durations && `p50 ${ms(durations.p50)}, p99 ${ms(durations.p99)}`
  const facts = [`${calls} calls`, failures > 0 && `${failures} failed`, times].filter(Boolean).join(' · ')
  return { name, state: '– policy', facts }
}

function ms(value: number): string {
  return `${value < 10 ? value.toPrecision(2) : Math.round(value)} ms`
}
