import type { ServiceSpec } from '@holdfast/governor'
import { describe, expect, it } from 'vitest'
import { readConfig } from './config/read.ts'
import type { Config } from './config/schema.ts'
import { type Reloaded, reloading } from './reloading.ts'
import { serviceSpecs } from './service-specs.ts'

const parse = (text: string): Config => readConfig({ file: 'x', text, environment: {} })
const nothing: Reloaded = { added: [], removed: [], replaced: [], kept: [], ready: [], failed: [] }

/** A file that says `text`, and all that was made of it. */
function file(text: string, but: { readonly apply?: () => Promise<Reloaded> } = {}) {
  const said = { text }
  const applied: (readonly ServiceSpec[])[] = []
  const held: Config[] = []
  const files = reloading({
    config: parse(text),
    read: async () => parse(said.text),
    specs: (config, served) => [
      ...serviceSpecs(config, { file: '/srv/x', governor: '/run/x' }),
      { name: 'edge', command: ['edge', String(served)] },
    ],
    demand: async ({ services }) => {
      if ('taken' in services) throw new Error('taken')
    },
    async apply(specs) {
      applied.push(specs)
      return but.apply?.() ?? nothing
    },
    changed: (config) => held.push(config),
  })
  const become = (next: string): Promise<Reloaded> => {
    said.text = next
    return files.reload()
  }
  return { files, become, applied, held }
}

const a = "services: { a: { command: a, ready: 'grpc://127.0.0.1:1' }"

describe('reloading', () => {
  it('keeps the spec of each service of which the file says the same, probes and all (I3)', async () => {
    const { files, become, applied } = file(`${a}, b: { command: b } }`)
    const [first, , edge] = files.specs()

    await become(`${a}, b: { command: other }, c: { command: c } }`)

    expect(applied[0]).toHaveLength(4)
    expect(applied[0]![0]).toBe(first)
    expect(applied[0]![1]).toMatchObject({ name: 'b', command: ['other'] })
    expect(applied[0]![3]).toEqual(edge)
    expect(files.specs()).toBe(applied[0])
    expect(Object.keys(files.config().services)).toEqual(['a', 'b', 'c'])
  })

  it('keeps the edge as it is when it only becomes more processes (I4)', async () => {
    const { files, become } = file('gateway: { replicas: 1 }')
    const [edge] = files.specs()

    await become('gateway: { replicas: 3 }')
    expect(files.specs()).toEqual([edge])
    expect(files.config().gateway.replicas).toBe(3)

    await become('gateway: { replicas: 3, drain: 1m }')
    expect(files.specs()).not.toEqual([edge])
  })

  it('replaces the edge when it becomes more processes that share out the limits of clients (I4)', async () => {
    const keys = 'keys: { a: { secret: 0123456789abcdef0123, requests: 60/m } }'
    const { files, become } = file(`gateway: { ${keys} }`)
    const [edge] = files.specs()

    await become(`gateway: { ${keys}, replicas: 3 }`)
    expect(files.specs()).not.toEqual([edge])
  })

  it('takes a service for another one when the strategy of its group changed (I3)', async () => {
    const { become, applied } = file('services: { a: { command: a, group: g } }\ngroups: { g: one-for-all }')

    await become('services: { a: { command: a, group: g } }\ngroups: { g: rest-for-one }')

    expect(applied[0]![0]).toMatchObject({ group: { name: 'g', strategy: 'rest-for-one' } })
  })

  it.each([
    ['a rule', `rules: [{ match: ., answer: hi }]`],
    ['a chain', `rules: [{ match: ., answer: later }]\nchains: { default: [rules] }`],
    ['where traces go', `rules: [{ match: ., answer: later }]\ntelemetry: { sample: 0.5 }`],
  ])('replaces the edge when %s changed (I4)', async (_, next) => {
    const { become, applied } = file('rules: [{ match: ., answer: later }]')

    await become(next)

    expect(applied[0]).toEqual([{ name: 'edge', command: ['edge', '2'] }])
  })

  it.each([
    ['a service', 'services: { b: { command: b } }'],
    ['the level of the log', 'telemetry: { log: { level: warn } }'],
  ])('leaves the edge alone when %s changed (I4)', async (_, next) => {
    const { become, applied } = file('')

    await become(next)

    expect(applied[0]).toContainEqual({ name: 'edge', command: ['edge', '1'] })
  })

  it.each([
    [
      'wrong',
      'services: { a: { comand: a } }',
      { code: 'CONFIG_INVALID', message: expect.stringMatching(/^x:1:16 /) },
    ],
    [
      'about to move the gateway',
      'gateway: { listen: 127.0.0.1:1 }',
      { code: 'RESTART_NEEDED', message: expect.stringMatching(/^gateway\.listen /) },
    ],
    [
      'about to move both listeners',
      'control: { listen: 127.0.0.1:1 }\ngateway: { listen: 127.0.0.1:2 }',
      {
        code: 'RESTART_NEEDED',
        message: expect.stringMatching(/^gateway\.listen and control\.listen /),
      },
    ],
    ['not to be had here', 'services: { taken: { command: a } }', { message: 'taken' }],
  ])('changes nothing for a file that is %s (I2)', async (_, next, complaint) => {
    const { files, become, applied, held } = file('services: { a: { command: a } }')
    const before = [files.config(), files.specs()]

    await expect(become(next)).rejects.toMatchObject(complaint)

    expect([files.config(), files.specs()]).toEqual(before)
    expect([applied, held]).toEqual([[], []])
  })

  it('goes back to what held when it cannot be applied, and reads the next one all the same (I2)', async () => {
    let fails = true
    const { files, become, held } = file('', {
      apply: async () => {
        if (fails) throw new Error('no')
        return nothing
      },
    })
    const before = files.config()

    await expect(become('rules: [{ match: ., answer: a }]')).rejects.toThrow('no')
    expect(files.config()).toBe(before)
    expect(held.at(-1)).toBe(before)
    fails = false
    await become('rules: [{ match: ., answer: a }]')

    expect(files.config().rules).toHaveLength(1)
    expect(files.specs()).toEqual([{ name: 'edge', command: ['edge', '2'] }])
  })

  it('waits for nothing that the file before it started, which may never be ready (I1)', async () => {
    const over = Promise.withResolvers<Reloaded>()
    const { become, applied } = file('', {
      apply: () => (applied.length === 1 ? over.promise : Promise.resolve(nothing)),
    })

    const first = become('services: { a: { command: never-ready } }')
    await expect.poll(() => applied).toHaveLength(1)
    await become('services: { a: { command: mended } }')

    expect(applied.map(([spec]) => spec!.command)).toEqual([['never-ready'], ['mended']])
    over.resolve({ ...nothing, failed: [{ service: 'a', why: 'it was replaced' }] })
    expect((await first).failed).toHaveLength(1)
  })

  it('does not go back behind a later file when an earlier one fails at last (I2)', async () => {
    const over = Promise.withResolvers<Reloaded>()
    const { files, become, applied } = file('', {
      apply: () => (applied.length === 1 ? over.promise : Promise.resolve(nothing)),
    })
    const first = become('services: { a: { command: a } }')
    await expect.poll(() => applied).toHaveLength(1)
    await become('services: { b: { command: b } }')

    over.reject(new Error('no'))

    await expect(first).rejects.toThrow('no')
    expect(Object.keys(files.config().services)).toEqual(['b'])
  })

  it('reads the file once more, however many ask while it is read (I1)', async () => {
    const { become, applied } = file('services: { a: { command: a } }')

    const first = become('services: { b: { command: b } }')
    await Promise.resolve()
    await Promise.resolve()
    const others = Array.from({ length: 1_000 }, () => become('services: { c: { command: c } }'))
    await Promise.all([first, ...others])

    expect(applied.length).toBeLessThanOrEqual(2)
    expect(applied.at(-1)![0]!.command).toEqual(['c'])
  })
})
