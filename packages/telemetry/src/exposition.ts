import { Registry } from 'prom-client'

/** A value with its labels. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** One observation that was seen in a trace. `at` is ms since 1970. */
export interface Exemplar {
  readonly traceId: string
  readonly value: number
  readonly at: number
}

/**
 * A distribution with its labels: how many observations were at most `bounds[i]`, the sum of all, their number. Of each bucket, the last of which holds
 * those above all bounds, there may be one observation as an example; OpenMetrics has a place for it, the text format 0.0.4 has none.
 */
export interface Distribution {
  readonly labels: Readonly<Record<string, string>>
  readonly bounds: readonly number[]
  readonly buckets: readonly number[]
  readonly sum: number
  readonly count: number
  readonly exemplars?: readonly (Exemplar | undefined)[]
}

/** One metric family, as it stands now. Names and units follow the Prometheus naming conventions; the samples of a summary have a label `quantile`. */
export type Family =
  | {
      readonly name: string
      readonly help: string
      readonly type: 'counter' | 'gauge' | 'summary'
      readonly samples: readonly Sample[]
    }
  | {
      readonly name: string
      readonly help: string
      readonly type: 'histogram'
      readonly samples: readonly Distribution[]
    }

/** A page for a Prometheus server to scrape. */
export interface Exposition {
  readonly contentType: string
  /** The page as it stands now; rejects as `pull` does, and for two families of one name. */
  text(): Promise<string>
  /** The same in the format that a scraper's `Accept` header asks for: OpenMetrics 1.0 if it names that, otherwise `text()`. */
  page(accept: string | undefined): Promise<{ readonly contentType: string; readonly text: string }>
}

/**
 * Statistics in the Prometheus text format 0.0.4, pulled when they are asked for: what counts elsewhere is read here, so that a call pays nothing
 * for it. `pull` is called once for each scrape; families that it makes one by one are made between other work, and a large page is written so
 * as well: the loop is never held for longer than 250 lines take.
 */
export function exposition(pull: () => Promise<Iterable<Family>>): Exposition {
  const page = async (accept: string | undefined) => {
    const open = asksForOpenMetrics(accept)
    const contentType = open ? Registry.OPENMETRICS_CONTENT_TYPE : Registry.PROMETHEUS_CONTENT_TYPE
    const text = await written(await pull(), new WriterOf(contentType), open)
    return { contentType, text }
  }
  return {
    contentType: Registry.PROMETHEUS_CONTENT_TYPE,
    text: async () => (await page(undefined)).text,
    page,
  }
}

/** Lines that are written at once. */
const SLICE = 250

/** One line, or an open one, as prom-client knows it; it writes the shared labels of many lines once. */
interface Line {
  readonly labels: Readonly<Record<string, string>>
  readonly sharedLabels?: Readonly<Record<string, string>>
  readonly metricName?: string
  readonly value: number
  readonly exemplar?: object | undefined
}

/** What a registry can do, of which its types do not speak: it asks no more of a metric than `get`. */
interface Writer {
  getMetricsAsString(metric: { get(): Promise<object> }): Promise<string>
}

const WriterOf = Registry as unknown as new (contentType: string) => Writer

async function written(families: Iterable<Family>, writer: Writer, open: boolean): Promise<string> {
  const names = new Set<string>()
  const parts: string[] = []
  let since = 0
  for (const family of families) {
    const { help, type } = family
    if (names.has(family.name)) throw new Error(`There are two metric families with the name ${family.name}.`)
    names.add(family.name)
    // OpenMetrics names a counter without the end that its samples have; the writer puts that there.
    const name = open && type === 'counter' ? family.name.replace(/_total$/, '') : family.name
    let first = true
    for (const values of slices(family)) {
      const text = await writer.getMetricsAsString({ get: async () => ({ name, help, type, values }) })
      parts.push(spelt(first ? text : withoutHeader(text)), '\n')
      first = false
      since += values.length + 2
      if (since < SLICE) continue
      since = 0
      await new Promise<void>((go) => setImmediate(go))
    }
  }
  if (open) parts.push('# EOF\n')
  return parts.join('')
}

/** The lines of a family, so many at a time; at least one slice, which may be empty. */
function* slices(family: Family): Generator<readonly Line[]> {
  if (family.type !== 'histogram') {
    for (let at = 0; at === 0 || at < family.samples.length; at += SLICE)
      yield family.samples.slice(at, at + SLICE)
    return
  }
  let lines: Line[] = []
  for (const distribution of family.samples) {
    lines.push(...series(family.name, distribution))
    if (lines.length < SLICE) continue
    yield lines
    lines = []
  }
  if (lines.length > 0 || family.samples.length === 0) yield lines
}

/** The three kinds of series by which the format tells a distribution. */
function series(name: string, distribution: Distribution): Line[] {
  const { labels, bounds, buckets, sum, count, exemplars = [] } = distribution
  const bucket = (le: string, value: number, exemplar: Exemplar | undefined) => ({
    metricName: `${name}_bucket`,
    labels: { le },
    sharedLabels: labels,
    value,
    exemplar: exemplar && asLine(exemplar),
  })
  return [
    ...bounds.map((bound, index) => bucket(String(bound), buckets[index] ?? 0, exemplars[index])),
    bucket('+Inf', count, exemplars[bounds.length]),
    { metricName: `${name}_sum`, labels: {}, sharedLabels: labels, value: sum },
    { metricName: `${name}_count`, labels: {}, sharedLabels: labels, value: count },
  ]
}

/** As the writer knows it; its times are seconds. */
function asLine({ traceId, value, at }: Exemplar) {
  return { labelSet: { trace_id: traceId }, value, timestamp: at / 1_000 }
}

/** With what is no number spelt as both formats want it: prom-client writes `Nan`. */
function spelt(text: string): string {
  return text.includes(' Nan') ? text.replace(/^([^#].*) Nan$/gm, '$1 NaN') : text
}

/** Without the two lines that begin a family. */
function withoutHeader(text: string): string {
  return text.slice(text.indexOf('\n', text.indexOf('\n') + 1) + 1)
}

function asksForOpenMetrics(accept = ''): boolean {
  return accept
    .split(',')
    .some((each) => each.includes('application/openmetrics-text') && !/;\s*q=0(?:\.0*)?\s*$/.test(each))
}
