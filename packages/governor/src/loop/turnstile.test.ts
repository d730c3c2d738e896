import { describe, expect, it } from 'vitest'
import { turnstile } from './turnstile.ts'

const gate = () => {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  return { promise, resolve, reject }
}

describe('turnstile', () => {
  it('lets different names pass each other, and the same one by one (I1)', async () => {
    const { one } = turnstile()
    const first = gate()
    const seen: string[] = []
    const a = one('a', async () => first.promise.then(() => void seen.push('a')))
    const again = one('a', async () => void seen.push('a again'))

    await one('b', async () => void seen.push('b'))
    first.resolve()
    await Promise.all([a, again])

    expect(seen).toEqual(['b', 'a', 'a again'])
  })

  it('lets a change of everything pass alone (I1)', async () => {
    const { one, all } = turnstile()
    const first = gate()
    const second = gate()
    const seen: string[] = []
    const changes = [
      one('a', () => first.promise.then(() => void seen.push('a'))),
      all(() => second.promise.then(() => void seen.push('all'))),
      one('b', async () => void seen.push('b')),
      all(async () => void seen.push('all again')),
    ]

    second.resolve()
    first.resolve()
    await Promise.all(changes)

    expect(seen).toEqual(['a', 'all', 'b', 'all again'])
  })

  it('is not held up by what fails (I2)', async () => {
    const { one, all } = turnstile()
    const failing = [
      one('a', () => Promise.reject(new Error('one'))),
      all(() => Promise.reject(new Error('all'))),
    ]
    const told = Promise.allSettled(failing)

    expect(await one('a', async () => 'through')).toBe('through')
    expect((await told).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  })
})
