import type { Kind, Kinds, statuses } from '@holdfast/policy'
import type { Family, Sample } from '../exposition.ts'
import { type Row, rows } from './policy-rows.ts'

/** What `statuses()` answers, or a process told of itself; `Infinity` may have become `null` on the way. */
export type PolicyStatuses = Readonly<Partial<{ readonly [K in Kind]: readonly Kinds[K][] }>>

/** The policies of one process, and the labels that tell it from others. */
export interface PolicySource {
  readonly labels: Readonly<Record<string, string>>
  readonly kinds: PolicyStatuses
}

export interface PolicyFamiliesOptions {
  /** Series that a family may have; 1,000. Those beyond are left out, and `holdfast_metrics_dropped_series` counts them. */
  readonly most?: number
  /** Whether to show the keys of a breaker that are not closed, as a label `key`; not by default, since a key may be anything. */
  readonly keys?: boolean
}

/**
 * The policies of this process as metric families: `policyFamilies(statuses())`.
 *
 * Always the same families, whatever there is; made one by one while they are read. Names begin with `holdfast_`, durations are seconds,
 * and the label of a policy's name is its kind: `breaker`, `rate_limit` …
 */
export function policyFamilies(
  kinds: PolicyStatuses | ReturnType<typeof statuses>,
  options: PolicyFamiliesOptions = {},
): Iterable<Family> {
  return policyFamiliesOf([{ labels: {}, kinds: kinds as PolicyStatuses }], options)
}

/** The same for the policies of several processes, in one family each. A status that cannot be read is left out, and counted as a dropped series. */
export function* policyFamiliesOf(
  sources: readonly PolicySource[],
  { most = 1_000, keys = false }: PolicyFamiliesOptions = {},
): Generator<Family> {
  const dropped: Sample[] = []
  for (const kind of Object.keys(rows) as Kind[]) {
    const subjects = sources.flatMap((source) => subjectsOf(source, kind, keys))
    for (const row of rows[kind] as readonly Row<unknown>[]) {
      const name = `holdfast_${row.name}`
      const { samples, left } = bounded(subjects, row, most)
      if (left > 0) dropped.push({ labels: { family: name }, value: left })
      yield { name, help: row.help, type: row.type, samples }
    }
  }
  const help = 'Series left out of a family, because it has too many or they could not be read.'
  yield { name: 'holdfast_metrics_dropped_series', help, type: 'gauge', samples: dropped }
}

/** Something that a row is read from. */
interface Subject {
  readonly labels: Readonly<Record<string, string>>
  readonly status: unknown
}

function subjectsOf({ labels, kinds }: PolicySource, kind: Kind, keys: boolean): Subject[] {
  const label = kind.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  const all: unknown = kinds[kind]
  if (!Array.isArray(all)) return []
  return all.flatMap((status: Partial<Kinds['breaker']> | null) => {
    const own = { [label]: String(status?.name), ...labels }
    const inside = keys && Array.isArray(status?.keys) ? status.keys : []
    return [
      { labels: own, status },
      ...inside.map((circuit) => ({ labels: { ...own, key: String(circuit?.key) }, status: circuit })),
    ]
  })
}

/** The samples of a family, as many as may be; what belongs together is shown or left out together. */
function bounded(
  subjects: readonly Subject[],
  row: Row<unknown>,
  most: number,
): { readonly samples: readonly Sample[]; readonly left: number } {
  const samples: Sample[] = []
  let left = 0
  for (const subject of subjects) {
    const read = samplesOf(subject, row)
    if (read === undefined) left++
    else if (samples.length + read.length > most) left += read.length
    else samples.push(...read)
  }
  return { samples, left }
}

function samplesOf({ labels, status }: Subject, { label, read }: Row<unknown>): Sample[] | undefined {
  const reading = attempted(() => read(status))
  if (reading === undefined) return undefined
  const { it } = reading
  if (typeof it !== 'object' || it === null) return typeof it === 'number' ? [{ labels, value: it }] : []
  return Object.entries(it).flatMap(([of, value]) =>
    typeof value === 'number' ? [{ labels: { ...labels, [label!]: of }, value }] : [],
  )
}

/** What another process told may be of another version. */
function attempted<T>(read: () => T): { readonly it: T } | undefined {
  try {
    return { it: read() }
  } catch {
    return undefined
  }
}
