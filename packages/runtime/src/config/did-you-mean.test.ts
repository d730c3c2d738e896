import { describe, expect, it } from 'vitest'
import { didYouMean } from './did-you-mean.ts'

describe('didYouMean', () => {
  it.each([
    ['ulr', 'url'],
    ['gatway', 'gateway'],
    ['Upstreams', 'upstreams'],
    ['primry', 'primary'],
    ['secnodayr', 'secondary'],
    ['timeuot', 'timeout'],
  ])('takes %s for %s', (written, meant) => {
    expect(didYouMean(written, ['x', 'somethingelse', meant])).toBe(`; did you mean '${meant}'?`)
  })

  it('prefers the nearest', () => {
    expect(didYouMean('kernal', ['kernels', 'kernel'])).toBe("; did you mean 'kernel'?")
  })

  it('names what there is when nothing is near', () => {
    expect(didYouMean('lru', ['url', 'key'])).toBe('; known are url, key')
  })

  it('names a dozen of many', () => {
    const many = Array.from({ length: 500 }, (_, index) => `upstream-${index}`)

    expect(didYouMean('jira', many)).toMatch(/^; known are upstream-0, .* upstream-11 and 488 more$/)
  })

  it('says nothing when there is nothing', () => {
    expect(didYouMean('jira', [])).toBe('')
  })
})
