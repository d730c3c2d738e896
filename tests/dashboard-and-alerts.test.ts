import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { families } from '../packages/runtime/src/metrics.ts'
import { sampleStatus } from '../packages/runtime/src/testing/index.ts'
import { modelMetrics, processMetrics } from '../packages/telemetry/src/index.ts'

const root = join(import.meta.dirname, '..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

interface Rule {
  readonly record?: string
  readonly alert?: string
  readonly expr: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}
interface Panel {
  readonly id: number
  readonly title: string
  readonly type: string
  readonly targets?: readonly { readonly expr: string }[]
}

const { groups } = parse(read('packages/telemetry/prometheus/alerts.yml')) as {
  groups: readonly { readonly rules: readonly Rule[] }[]
}
const rules = groups.flatMap((group) => group.rules)
const alerts = rules.filter(({ alert }) => alert !== undefined)
const dashboard = JSON.parse(read('packages/telemetry/grafana/holdfast.json')) as {
  readonly panels: readonly Panel[]
  readonly templating: { readonly list: readonly { readonly query: string | { readonly query: string } }[] }
}
const shown = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))

/** Every name that a query may ask for: of each family, and of the series by which a histogram is told. */
async function known(): Promise<Set<string>> {
  const own = processMetrics()
  const all = [...families(sampleStatus()), ...modelMetrics().families(), ...(await own.families())]
  own.close()
  const names = all.flatMap(({ name, type }) =>
    type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => name + end) : [name],
  )
  return new Set([...names, ...rules.flatMap(({ record = [] }) => record)])
}

/** The names of metrics in a query: words that are no function, no keyword and no label. */
function metricsIn(query: string): string[] {
  const bare = query
    .replace(/"(?:[^"\\]|\\.)*"/g, '')
    .replace(/\{[^}]*\}|\[[^\]]*\]/g, ' ')
    .replace(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, ' ')
  const words = [...bare.matchAll(/(?<![\w.$:])[a-zA-Z_:][\w:]*(?!\w|:|\s*\()/g)].map(([word]) => word)
  return words.filter((word) => !/^(?:and|or|unless|bool|offset)$/.test(word))
}

describe('metricsIn', () => {
  it('finds the names in a query, and nothing else', () => {
    const query =
      'sum by (a, b) (rate(x_total{c=~"d|e"}[5m])) / on (f) y:z > 0.5 * 1e3 and histogram_quantile(0.9, w_bucket) == bool 1'

    expect(metricsIn(query)).toEqual(['x_total', 'y:z', 'w_bucket'])
  })
})

describe('the alerts', () => {
  it('ask only for metrics that there are', async () => {
    const names = await known()

    for (const { alert, record, expr } of rules) {
      expect(metricsIn(expr).length, alert ?? record).toBeGreaterThan(0)
      expect(
        metricsIn(expr).filter((name) => !names.has(name)),
        alert ?? record,
      ).toEqual([])
    }
  })

  it('have names of their own, how bad it is, what it is and what to do', () => {
    expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length)
    for (const { alert, labels, annotations } of alerts) {
      expect(alert).toMatch(/^Holdfast[A-Z]/)
      expect(labels?.['severity'], alert).toMatch(/^(?:critical|warning|info)$/)
      expect(annotations?.['summary'], alert).toMatch(/\.$/)
      expect(annotations?.['runbook']).toBe(`docs/operations/runbooks/${alert}.md`)
    }
  })

  it('cover what a running Holdfast can suffer from', () => {
    expect(alerts.map(({ alert }) => alert)).toEqual(
      expect.arrayContaining([
        'HoldfastDown',
        'HoldfastErrorBudgetBurning',
        'HoldfastBreakerOpen',
        'HoldfastBudgetExhausted',
        'HoldfastRestartStorm',
      ]),
    )
  })
})

describe('the runbooks', () => {
  it('are those of the alerts', () => {
    expect(readdirSync(join(root, 'docs/operations/runbooks')).toSorted()).toEqual(
      alerts.map(({ alert }) => `${alert}.md`).toSorted(),
    )
  })

  it.each(alerts.map(({ alert }) => alert!))(
    '%s says what it means, what to look at and what to do',
    (alert) => {
      const page = read(`docs/operations/runbooks/${alert}.md`)

      expect(page.match(/^#+ .+$/gm)).toEqual([
        `# ${alert}`,
        '## What it means',
        '## What to look at',
        '## What to do',
      ])
      expect(
        page
          .split(/^#+ .+$/m)
          .slice(2)
          .every((section) => section.trim() !== ''),
      ).toBe(true)
    },
  )

  it('name only metrics that there are', async () => {
    const names = await known()
    const named = alerts.flatMap(({ alert }) =>
      [
        ...read(`docs/operations/runbooks/${alert}.md`).matchAll(/`((?:holdfast|lms|process|nodejs)_\w+)/g),
      ].map(([, name]) => ({ alert, name: name! })),
    )

    expect(named.length).toBeGreaterThan(alerts.length)
    expect(named.filter(({ name }) => !names.has(name) && !names.has(`${name}_bucket`))).toEqual([])
  })
})

describe('the dashboard', () => {
  it('asks only for metrics that there are', async () => {
    const names = await known()

    expect(shown.length).toBeGreaterThan(30)
    for (const query of shown)
      expect(
        metricsIn(query).filter((name) => !names.has(name)),
        query,
      ).toEqual([])
    for (const { query } of dashboard.templating.list.filter(({ query }) => typeof query !== 'string')) {
      const [, name] = /^label_values\((\w+), \w+\)$/.exec((query as { query: string }).query) ?? []
      expect(names).toContain(name)
    }
  })

  it('has a query and a title in each panel, and each number once', () => {
    const panels = dashboard.panels.filter(({ type }) => type !== 'row')

    for (const { title, targets = [] } of panels) {
      expect(title).not.toBe('')
      expect(targets.length, title).toBeGreaterThan(0)
    }
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length)
  })

  it('shows all eight metrics of models', () => {
    const bases = shown.flatMap(metricsIn).map((name) => name.replace(/_bucket$/, ''))
    const models = modelMetrics()
      .families()
      .filter(({ name }) => name.startsWith('lms_'))

    expect(models).toHaveLength(8)
    expect(models.map(({ name }) => name).filter((name) => !bases.includes(name))).toEqual([])
  })
})
