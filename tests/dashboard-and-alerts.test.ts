import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { modelMetrics } from '../packages/telemetry/src/index.ts'
import { freePorts, runningHoldfast } from './harness/running-holdfast.ts'

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

/** Alerts are ready for these, which nothing tells yet: they come with tasks. */
const comesWithTasks = ['holdfast_tasks_oldest_waiting_seconds']

/** The families on the page of a Holdfast that runs, with their types. */
const page = new Map<string, string>()
/** Every name that a query may ask for: of each family, and of the series by which a histogram is told. */
const known = new Set([...comesWithTasks, ...rules.flatMap(({ record = [] }) => record)])

beforeAll(async () => {
  const [gateway, control] = await freePorts(2)
  const file = `
gateway: { listen: 127.0.0.1:${gateway} }
control: { listen: 127.0.0.1:${control} }
`
  await using _ = await runningHoldfast(file, control!)
  const text = await (await fetch(`http://127.0.0.1:${control}/metrics`)).text()
  for (const [, name, type] of text.matchAll(/^# TYPE (\w+) (\w+)$/gm)) {
    page.set(name!, type!)
    const ends = type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']
    for (const end of ends) known.add(name! + end)
  }
}, 20_000)

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
  it('ask only for metrics that there are', () => {
    for (const { alert, record, expr } of rules) {
      expect(metricsIn(expr).length, alert ?? record).toBeGreaterThan(0)
      expect(
        metricsIn(expr).filter((name) => !known.has(name)),
        alert ?? record,
      ).toEqual([])
    }
  })

  it('wait only for metrics that there are not yet, and say so', () => {
    expect(comesWithTasks.filter((name) => page.has(name))).toEqual([])
    const [, comment = ''] = /# (.+)\n +- alert: HoldfastTasksWaiting/.exec(
      read('packages/telemetry/prometheus/alerts.yml'),
    )!
    expect(comment).toContain('comes with tasks')
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
        'HoldfastTasksWaiting',
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

  it('name only metrics that there are', () => {
    const named = alerts.flatMap(({ alert }) =>
      [
        ...read(`docs/operations/runbooks/${alert}.md`).matchAll(/`((?:holdfast|lms|process|nodejs)_\w+)/g),
      ].map(([, name]) => ({ alert, name: name! })),
    )

    expect(named.length).toBeGreaterThan(alerts.length)
    expect(named.filter(({ name }) => !known.has(name) && !known.has(`${name}_bucket`))).toEqual([])
  })
})

describe('the dashboard', () => {
  it('asks only for metrics that there are', () => {
    expect(shown.length).toBeGreaterThan(30)
    for (const query of shown)
      expect(
        metricsIn(query).filter((name) => !known.has(name)),
        query,
      ).toEqual([])
    for (const { query } of dashboard.templating.list.filter(({ query }) => typeof query !== 'string')) {
      const [, name] = /^label_values\((\w+), \w+\)$/.exec((query as { query: string }).query) ?? []
      expect(known).toContain(name)
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

describe('the table of metrics', () => {
  it('has each metric of the page, with its type, and no other', () => {
    const table = read('docs/operations/metrics.md')
    const rows = [...table.matchAll(/^\| `(\w+)` \| (\w+) \|/gm)].map(([, name, type]) => [name, type])

    expect(page.size).toBeGreaterThan(100)
    expect(rows.toSorted()).toEqual([...page].toSorted())
  })
})
