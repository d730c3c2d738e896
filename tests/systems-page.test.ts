import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { systemsPage } from '../scripts/systems-page.ts'

describe('the page of the systems outside', () => {
  it('says what the data says', () => {
    const page = join(import.meta.dirname, '..', 'docs', 'wires', 'systems.md')

    expect(readFileSync(page, 'utf8')).toBe(systemsPage())
  })
})
