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
