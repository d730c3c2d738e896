import { describe, expect, it } from 'vitest'
import { cacheControl } from './cache-control.ts'

describe('cacheControl', () => {
  it.each([
    [undefined, { store: true, maxAge: Infinity }],
    ['no-store', { store: false, maxAge: Infinity }],
    ['No-Cache', { store: true, maxAge: 0 }],
    ['max-age=60', { maxAge: 60_000 }],
    ['max-age="60" , no-transform', { maxAge: 60_000 }],
    ['max-age=60, no-cache', { maxAge: 0 }],
    ['max-age=soon', { maxAge: 0 }],
    ['max-age', { maxAge: 0 }],
    ['only-if-cached, min-fresh=5, ,=', { store: true, maxAge: Infinity }],
  ])('reads %j', (said, means) => {
    expect(cacheControl({ 'cache-control': said })).toMatchObject(means)
  })
})
