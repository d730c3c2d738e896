import { describe, expect, it } from 'vitest'
import { isTold, levels } from './level.ts'

describe('isTold', () => {
  it('holds for a level and all that are worse, and for nothing where the least is silent', () => {
    const told = levels.map((least) => levels.filter((level) => level !== 'silent' && isTold(level, least)))

    expect(told).toEqual(levels.map((_, n) => levels.slice(n, -1)))
  })
})
