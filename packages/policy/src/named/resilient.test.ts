import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, expectTypeOf, it, onTestFinished } from 'vitest'
import { fallback } from '../fallback/fallback.ts'
import type { Call } from '../pipeline/work.ts'
import { type Decorator, wrap } from '../pipeline/wrap.ts'
import { retry } from '../retry/retry.ts'
import { fakeClock } from '../testing/index.ts'
import { timeout } from '../time/timeout.ts'
import { resilient, under } from './resilient.ts'
import { statistics } from './statistics.ts'

/** A policy that notes the calls that pass it. */
const noting = () => {
  const calls: Call[] = []
  const note: Decorator = (work) => (call) => {
    calls.push(call)
    return work(call)
  }
  return { calls, note }
}
const asPromised = async <T>(value: T) => value

describe('resilient', () => {
  it('is the same function: its this, its arguments, its name, its length; and a promise', async () => {
    const desk = {
      prefix: 'no. ',
      find: resilient(function find(this: { prefix: string }, id: string, times: number) {
        return this.prefix + id.repeat(times)
      }, timeout(1_000)),
    }

    expect(await desk.find('7', 3)).toBe('no. 777')
    expect([desk.find.name, desk.find.length]).toEqual(['find', 2])
    expectTypeOf(desk.find).parameters.toEqualTypeOf<[id: string, times: number]>()
    expectTypeOf(desk.find).returns.toEqualTypeOf<Promise<string>>()
  })

  it('adds nothing to the arguments, so that optional ones keep their defaults', async () => {
    const greet = resilient((...args: string[]) => args.length, timeout(1_000))

    expect(await greet()).toBe(0)
    expect(await greet('a')).toBe(1)
  })

  it('gives the call to a function that asks for it, and its signal aborts', async () => {
    const clock = fakeClock()
    const seen: unknown[] = []
    const find = resilient(
      (call: Call, id: string, more?: number) => {
        seen.push(id, more, call.attempt)
        return new Promise<string>((_, reject) => {
          call.signal.addEventListener('abort', () => reject(call.signal.reason))
        })
      },
      timeout(50, { clock }),
      { withCall: true },
    )
    const found = find('x')
    const failed = expect(found).rejects.toMatchObject({ code: 'TIMEOUT' })
    await clock.advance(60)
    await failed

    expect(seen).toEqual(['x', undefined, 1])
    expect(find.length).toBe(2)
    expectTypeOf(find).parameters.toEqualTypeOf<[id: string, more?: number | undefined]>()
  })

  it('tells the policy what the arguments say', async () => {
    const { calls, note } = noting()
    const caller = new AbortController()
    const find = resilient(async (id: string, _options?: { signal: AbortSignal }) => id, note, {
      key: (id) => `issue ${id}`,
      signal: (_, options) => options?.signal,
      operation: 'read',
      priority: 2,
    })

    expect(await find('7')).toBe('7')
    expect(calls[0]).toMatchObject({ key: 'issue 7', operation: 'read', priority: 2 })
    caller.abort(new Error('left'))
    await expect(find('7', { signal: caller.signal })).rejects.toThrow('left')
    expect(calls).toHaveLength(1)
  })

  it('gives key and signal the same this', async () => {
    const { calls, note } = noting()
    const desk = {
      id: 'd',
      find: resilient(asPromised<number>, note, {
        key(this: void) {
          return (this as unknown as { id: string }).id
        },
      }),
    }
    await desk.find(1)

    expect(calls[0]?.key).toBe('d')
  })

  it('calls it again with the same arguments', async () => {
    const clock = fakeClock()
    const seen: string[] = []
    const find = resilient(
      (id: string) => {
        seen.push(id)
        throw new Error('no')
      },
      retry({ attempts: 3, clock }),
    )
    const failed = expect(find('x')).rejects.toThrow('no')
    await clock.advance(60_000)
    await failed

    expect(seen).toEqual(['x', 'x', 'x'])
  })

  it('takes a pipeline as it is, and says what a fallback may answer', async () => {
    const stats = statistics()
    const pipeline = wrap(
      stats,
      fallback(() => 'rules' as const),
    )
    const find = resilient((id: number): Promise<number> => Promise.reject(new Error(String(id))), pipeline)
    const answer = await find(1)

    expect(answer).toBe('rules')
    expectTypeOf(answer).toEqualTypeOf<number | 'rules'>()
    expect(stats.status().counts.calls).toBe(1)
  })

  it('rejects, and does not throw, when what tells the key throws', async () => {
    const find = resilient(asPromised<string>, timeout(1_000), {
      key: () => {
        throw new Error('no key')
      },
    })

    await expect(find('x')).rejects.toThrow('no key')
  })

  it('refuses what it cannot use', () => {
    expect(() => resilient(7 as never, timeout(1))).toThrow(/resilient: fn must be a function/)
    expect(() => resilient(() => 1, 7 as never)).toThrow(/each policy/)
    expect(() => resilient(() => 1, timeout(1), { keys: () => 'x' } as object)).toThrow(/resilient.keys/)
  })
})

describe('under', () => {
  const context = {
    kind: 'method',
    name: 'find',
    static: false,
    private: false,
  } as ClassMethodDecoratorContext

  it('puts a method under a policy that all instances share', async () => {
    const { calls, note } = noting()
    class Desk {
      readonly prefix: string
      constructor(prefix: string) {
        this.prefix = prefix
      }
      async find(id: string, n = 1): Promise<string> {
        return this.prefix + id.repeat(n)
      }
    }
    Desk.prototype.find = under(note, { key: (id: string) => id })(Desk.prototype.find, context)

    expect(await new Desk('a').find('x', 2)).toBe('axx')
    expect(await new Desk('b').find('y')).toBe('by')
    expect(calls.map(({ key }) => key)).toEqual(['x', 'y'])
    expect(Desk.prototype.find.name).toBe('find')
  })

  it('decorates what TypeScript compiles', () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-under-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const own = (file: string) => pathToFileURL(join(import.meta.dirname, file)).href
    writeFileSync(
      join(folder, 'desk.mts'),
      `import { under } from '${own('resilient.ts')}'
import { timeout } from '${own('../time/timeout.ts')}'
class Desk {
  #prefix = 'no. '
  @under(timeout(1_000), { key: (id: string) => id })
  async find(id: string, n: number = 1) { return this.#prefix + id.repeat(n) }
}
console.log(await new Desk().find('7', 2))
`,
    )
    const root = join(import.meta.dirname, '../../../..')
    const tsc = join(root, 'node_modules/.bin/tsc')
    const flags = [
      '--ignoreConfig',
      '--target',
      'es2022',
      '--module',
      'nodenext',
      '--noCheck',
      '--outDir',
      folder,
    ]
    const compiled = spawnSync(process.execPath, [tsc, ...flags, join(folder, 'desk.mts')], {
      encoding: 'utf8',
    })
    const ran = spawnSync(process.execPath, [join(folder, 'desk.mjs')], { encoding: 'utf8' })

    expect([compiled.stdout, ran.stderr, ran.stdout]).toEqual(['', '', 'no. 77\n'])
  })

  it('refuses what is no method, and the older kind of decorator', () => {
    const method = asPromised<string>
    expect(() => under(timeout(1))(method, { ...context, kind: 'field' } as never)).toThrow(/on a method/)
    expect(() => under(timeout(1))({} as never, 'find' as never)).toThrow(/without experimentalDecorators/)
    expect(() => under(timeout(1), { withCall: true } as object)).toThrow(/under.withCall/)
  })

  it('is checked by types: what it answers must fit the method', () => {
    const saved = under(fallback(() => 7))(async (id: string) => id, context)

    expectTypeOf(saved).returns.toEqualTypeOf<Promise<string | number>>()
  })
})
