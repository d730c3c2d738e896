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

/** A page for a Prometheus server to scrape. */
export interface Exposition {
  readonly contentType: string
  /** The page as it stands now; rejects as `pull` does, and for two families of one name. */
  text(): Promise<string>
}

/**
 * Statistics in the Prometheus text format 0.0.4, pulled when they are asked for: what counts elsewhere is read here, so that a call pays nothing
 * for it. `pull` is called once for each scrape.
 */
export function exposition(pull: () => Promise<readonly Family[]>): Exposition {
  return {
    contentType: Registry.PROMETHEUS_CONTENT_TYPE,
    async text() {
      const registry = new Registry()
      for (const family of await pull()) {
        const { name, help, type } = family
        const values = family.type === 'histogram' ? family.samples.flatMap(series(name)) : family.samples
        // A registry asks no more of a metric than these, whatever its types say.
        const metric = { name, get: async () => ({ name, help, type, values }) }
        registry.registerMetric(metric as never)
      }
      return registry.metrics()
    },
  }
}

/** The three kinds of series by which the format tells a distribution. */
function series(name: string): (distribution: Distribution) => (Sample & { readonly metricName: string })[] {
  return ({ labels, bounds, buckets, sum, count }) => {
    const bucket = (le: string, value: number) => ({
      metricName: `${name}_bucket`,
      labels: { ...labels, le },
      value,
    })
    return [
      ...bounds.map((bound, index) => bucket(String(bound), buckets[index] ?? 0)),
      bucket('+Inf', count),
      { metricName: `${name}_sum`, labels, value: sum },
      { metricName: `${name}_count`, labels, value: count },
    ]
  }
}
