import { describe, expect, it } from 'vitest'
import { type Unit, unitOf, unitsIn, unitText, unitValue } from './unit.ts'

const unit: Unit = { governor: 'ab12', onGovernorDeath: 'kill', service: 'ai', run: 'c3-1' }

describe('unitOf', () => {
  it.each(['ai', 'a b/c', 'ümläut 🦊', '..', '%', '\ud800x'])(
    'reads back what was written for the service %j',
    (service) => {
      const text = unitText({ ...unit, service })

      expect(text).not.toMatch(/\s/)
      expect(unitOf(text)).toEqual({ ...unit, service: service.toWellFormed() })
    },
  )

  it.each(['', 'a', 'a/kill/b', 'a/spare/b/c', 'a/kill/%/c', 'a/kill/b/c/d', 'a/kill/b/c d'])(
    'takes %j for no unit',
    (text) => {
      expect(unitOf(text)).toBeUndefined()
    },
  )
})

describe('unitValue', () => {
  it('keeps the units of the governors round it', () => {
    const inner = { ...unit, governor: 'cd34' }
    const value = unitValue(inner, unitValue(unit, undefined))

    expect(unitsIn(value)).toEqual([unit, inner])
  })
})
