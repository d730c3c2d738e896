import { describe, expect, it } from 'vitest'
import { exposition, type Family } from './exposition.ts'

const page = (...families: Family[]): Promise<string> => exposition(async () => families).text()
const gauge = (labels: Record<string, string>, value = 1): Family => ({
  name: 'holdfast_up',
  help: 'How it is.',
  type: 'gauge',
  samples: [{ labels, value }],
})

describe('exposition', () => {
  it('tells a name, its help, its type and its samples', async () => {
    expect(await page(gauge({ chain: 'default' }, 0.5))).toBe(
      '# HELP holdfast_up How it is.\n# TYPE holdfast_up gauge\nholdfast_up{chain="default"} 0.5\n',
    )
  })

  it('keeps help and labels on their lines, whatever they hold', async () => {
    const nasty = 'a "quoted" \\ back\nslash {x="y"} 7'

    const [family] = parsed(await page({ ...gauge({ link: nasty }), help: 'one\\n\ntwo' }))

    expect(family).toEqual({
      name: 'holdfast_up',
      help: 'one\\n\ntwo',
      type: 'gauge',
      samples: [{ name: 'holdfast_up', labels: { link: nasty }, value: 1 }],
    })
  })

  it('names a family that has no samples', async () => {
    expect(parsed(await page({ ...gauge({}), samples: [] }))).toMatchObject([{ type: 'gauge', samples: [] }])
  })

  it('names a distribution without samples, and takes buckets that are missing for empty', async () => {
    const family = { name: 'took_seconds', help: 'How long.', type: 'histogram' } as const
    const missing = { labels: {}, bounds: [1], buckets: [], sum: 0, count: 0 }

    expect(parsed(await page({ ...family, samples: [] }))).toMatchObject([{ type: 'histogram', samples: [] }])
    expect(await page({ ...family, samples: [missing] })).toContain('took_seconds_bucket{le="1"} 0\n')
  })

  it('is empty when there is no family', async () => {
    expect(parsed(await page())).toEqual([])
  })

  it.each([
    [Infinity, '+Inf'],
    [-Infinity, '-Inf'],
    [1e21, '1e+21'],
  ])('writes %d as %s', async (value, text) => {
    expect(await page(gauge({}, value))).toContain(`holdfast_up ${text}\n`)
  })

  it('tells a distribution in buckets, the last of which holds everything, a sum and a count', async () => {
    const text = await page({
      name: 'took_seconds',
      help: 'How long.',
      type: 'histogram',
      samples: ['a', 'b'].map((chain) => ({
        labels: { chain },
        bounds: [0.1, 1],
        buckets: [1, 2],
        sum: 7.5,
        count: 3,
      })),
    })

    const [family] = parsed(text)
    const ofA = family?.samples.filter(({ labels }) => labels['chain'] === 'a')
    expect(family).toMatchObject({ name: 'took_seconds', type: 'histogram' })
    expect(family?.samples).toHaveLength(10)
    expect(ofA?.map(({ name, labels, value }) => [name, labels['le'], value])).toEqual([
      ['took_seconds_bucket', '0.1', 1],
      ['took_seconds_bucket', '1', 2],
      ['took_seconds_bucket', '+Inf', 3],
      ['took_seconds_sum', undefined, 7.5],
      ['took_seconds_count', undefined, 3],
    ])
  })

  it('asks anew for each scrape', async () => {
    let scrapes = 0
    const { text } = exposition(async () => [gauge({}, ++scrapes)])

    await text()

    expect(await text()).toContain('holdfast_up 2\n')
  })

  it('says which format and which characters it is in', () => {
    expect(exposition(async () => []).contentType).toBe('text/plain; version=0.0.4; charset=utf-8')
  })

  it('writes OpenMetrics for a scraper that asks for it, and says so', async () => {
    const { page } = exposition(async () => [
      { name: 'calls_total', help: 'Calls.', type: 'counter', samples: [{ labels: { to: 'a' }, value: 2 }] },
      gauge({}),
    ])
    const scraper =
      'application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5,*/*;q=0.1'

    expect(await page(scraper)).toEqual({
      contentType: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
      text: '# HELP calls Calls.\n# TYPE calls counter\ncalls_total{to="a"} 2\n# HELP holdfast_up How it is.\n# TYPE holdfast_up gauge\nholdfast_up 1\n# EOF\n',
    })
  })

  it('gives a bucket its example in OpenMetrics, and in no other format', async () => {
    const seen = (value: number) => ({ traceId: 'abc', value, at: 1_500 })
    const exemplars = [seen(0.5), undefined, seen(9)]
    const { page } = exposition(async () => [
      {
        name: 'took_seconds',
        help: 'How long.',
        type: 'histogram',
        samples: [{ labels: { to: 'a' }, bounds: [1, 2], buckets: [1, 1], sum: 9.5, count: 2, exemplars }],
      },
    ])

    const lines = (text: string) => text.split('\n').filter((line) => line.includes('_bucket'))
    expect(lines((await page('application/openmetrics-text')).text)).toEqual([
      'took_seconds_bucket{le="1",to="a"} 1 # {trace_id="abc"} 0.5 1.5',
      'took_seconds_bucket{le="2",to="a"} 1',
      'took_seconds_bucket{le="+Inf",to="a"} 2 # {trace_id="abc"} 9 1.5',
    ])
    expect((await page(undefined)).text).not.toContain('abc')
  })

  it.each([
    undefined,
    '*/*',
    'text/plain',
    'application/openmetrics-text;q=0',
    'application/openmetrics-text; q=0.0',
  ])('writes the text format for one that accepts %s', async (accept) => {
    const asked = exposition(async () => [gauge({})])

    expect(await asked.page(accept)).toEqual({ contentType: asked.contentType, text: await asked.text() })
  })

  it('spells what is no number as both formats do, and leaves every text as it is', async () => {
    const help = 'What is Nan'
    const samples = [{ labels: { of: 'a Nan' }, value: Number.NaN }]
    const told = exposition(async () => [{ name: 'a', help, type: 'gauge', samples }])

    for (const accept of [undefined, 'application/openmetrics-text'])
      expect((await told.page(accept)).text.split('\n')).toEqual(
        expect.arrayContaining(['# HELP a What is Nan', 'a{of="a Nan"} NaN']),
      )
  })

  it('writes an OpenMetrics page that has no family', async () => {
    const { text } = await exposition(async () => []).page('application/openmetrics-text')

    expect(text).toBe('# EOF\n')
  })

  it('tells a summary by its quantiles', async () => {
    const samples = [{ labels: { quantile: '0.5' }, value: 2 }]

    expect(await page({ name: 'took_seconds', help: 'How long.', type: 'summary', samples })).toBe(
      '# HELP took_seconds How long.\n# TYPE took_seconds summary\ntook_seconds{quantile="0.5"} 2\n',
    )
  })

  it('lets other work run while it writes a large page, and leaves nothing out', async () => {
    const bounds = Array.from({ length: 11 }, (_, at) => at)
    const large: Family = {
      name: 'large_seconds',
      help: 'Many.',
      type: 'histogram',
      samples: Array.from({ length: 2_000 }, (_, at) => ({
        labels: { at: String(at) },
        bounds,
        buckets: bounds,
        sum: at,
        count: 11,
      })),
    }
    const flat = gauge({}, 7)
    const wide = {
      ...flat,
      samples: Array.from({ length: 1_500 }, (_, at) => ({ labels: { at: `${at}` }, value: at })),
    }
    let turns = 0
    let writing = true
    const other = (): void => {
      turns++
      if (writing) setImmediate(other)
    }
    setImmediate(other)

    const text = await page(large, wide as Family)

    writing = false
    expect(turns).toBeGreaterThan(50)
    const families = parsed(text)
    expect(families.map(({ samples }) => samples.length)).toEqual([28_000, 1_500])
    expect(new Set(text.split('\n')).size).toBe(text.split('\n').length)
  })

  it('asks for the next family only when it has written the one before', async () => {
    const order: string[] = []
    function* families(): Generator<Family> {
      for (const name of ['a', 'b']) {
        order.push(name)
        yield {
          ...gauge({}),
          name,
          samples: Array.from({ length: 600 }, (_, at) => ({ labels: {}, value: at })),
        } as Family
      }
    }
    const done = exposition(async () => families()).text()
    setImmediate(() => order.push('other'))

    await done

    expect(order).toEqual(['a', 'other', 'b'])
  })

  it('rejects when the numbers cannot be had, or two families have one name', async () => {
    await expect(exposition(() => Promise.reject(new Error('gone'))).text()).rejects.toThrow('gone')
    await expect(page(gauge({}), gauge({}))).rejects.toThrow('holdfast_up')
  })
})

interface Parsed {
  readonly name: string
  readonly help: string
  type?: string
  readonly samples: { name: string; labels: Record<string, string>; value: number }[]
}

/** Reads the text format 0.0.4 as strictly as a scraper does; throws for a line that is not of it. */
function parsed(text: string): Parsed[] {
  const families: Parsed[] = []
  for (const line of text.split('\n').filter(Boolean)) {
    const [, help, of, type] = /^# (?:HELP (\S+ .*)|TYPE (\S+) (counter|gauge|histogram))$/.exec(line) ?? []
    const family = families.at(-1)
    if (help !== undefined) {
      const [name = '', ...words] = help.split(' ')
      families.push({ name, help: unescaped(words.join(' ')), samples: [] })
    } else if (of !== undefined && of === family?.name && type !== undefined) family.type = type
    else if (family?.type !== undefined && line.startsWith(family.name)) family.samples.push(sample(line))
    else throw new Error(`not in the format: ${line}`)
  }
  return families
}

function sample(line: string): Parsed['samples'][number] {
  const label = /[a-zA-Z_]\w*="(?:[^"\\]|\\["\\n])*"/.source
  const match = new RegExp(`^([a-zA-Z_:][\\w:]*)(?:\\{(${label}(?:,${label})*)\\})? (\\S+)$`).exec(line)
  if (!match) throw new Error(`no sample: ${line}`)
  const [, name = '', labels = '', value = ''] = match
  const pairs = [...labels.matchAll(new RegExp(label, 'g'))].map(([pair]) => {
    const at = pair.indexOf('=')
    return [pair.slice(0, at), unescaped(pair.slice(at + 2, -1))] as const
  })
  return { name, labels: Object.fromEntries(pairs), value: Number(value.replace('Inf', 'Infinity')) }
}

function unescaped(text: string): string {
  return text.replace(/\\(["\\n])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped))
}
