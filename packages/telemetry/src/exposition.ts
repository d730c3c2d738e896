import { Registry } from 'prom-client'

/** A value with its labels. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** A distribution with its labels: how many observations were at most `bounds[i]`, the sum of all, their number. */
export interface Distribution {
  readonly labels: Readonly<Record<string, string>>
  readonly bounds: readonly number[]
  readonly buckets: readonly number[]
  readonly sum: number
  readonly count: number
}

/** One metric family, as it stands now. Names and units follow the Prometheus naming conventions. */
export type Family =
  | {
      readonly name: string
      readonly help: string
      readonly type: 'counter' | 'gauge'
      readonly samples: readonly Sample[]
    }
  | {
      readonly name: string
      readonly help: string
      readonly type: 'histogram'
      readonly samples: readonly Distribution[]
    }

/**
 * Statistics in the Prometheus text format, pulled when they are asked for: what counts elsewhere is read here, so that a call pays nothing for it.
 * `pull` is called once for each scrape.
 */
export function exposition(pull: () => Promise<readonly Family[]>): {
  readonly contentType: string
  text(): Promise<string>
} {
  const format = new Registry()
  return {
    contentType: format.contentType,
    async text() {
      const families = await pull()
      const registry = new Registry()
      for (const family of families)
        registry.registerMetric({ get: async () => exposed(family), name: family.name } as never)
      return registry.metrics()
    },
  }
}

interface Exposed {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly aggregator: 'sum'
  readonly values: readonly {
    readonly value: number
    readonly labels: object
    readonly metricName?: string
  }[]
}

function exposed(family: Family): Exposed {
  const { name, help, type } = family
  if (family.type !== 'histogram') return { name, help, type, aggregator: 'sum', values: family.samples }
  const values = family.samples.flatMap(({ labels, bounds, buckets, sum, count }) => [
    ...bounds.map((le, index) => ({
      metricName: `${name}_bucket`,
      labels: { ...labels, le: String(le) },
      value: buckets[index] ?? 0,
    })),
    { metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: count },
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ])
  return { name, help, type, aggregator: 'sum', values }
}
