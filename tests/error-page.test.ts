import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import * as policy from '../packages/policy/src/index.ts'
import { errorPage } from '../scripts/error-page.ts'

const page = readFileSync(join(import.meta.dirname, '..', 'docs', 'errors.md'), 'utf8')

describe('the page of errors', () => {
  it('is what the source makes of it (npm run errors writes it)', () => {
    expect(errorPage()).toBe(page)
  })

  it('lists every code that a wire gives a failure', () => {
    const folder = join(import.meta.dirname, '..', 'packages', 'transport', 'src')
    const source = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
      .map((name) => readFileSync(join(folder, name), 'utf8'))
      .join('\n')
    const codes = source.match(/\b(CLIENTS|GRPC|HTTP|POSTGRES|ZEROMQ)(_[A-Z]+)+\b/g)

    expect(new Set(codes).size).toBeGreaterThan(25)
    expect([...new Set(codes)].filter((code) => !page.includes(`\`${code}\``))).toEqual([])
  })

  it('lists every error class of the library', () => {
    const classes = Object.entries(policy)
      .filter(([, value]) => typeof value === 'function' && value.prototype instanceof policy.HoldfastError)
      .map(([name]) => name)
      .filter((name) => name !== 'RejectedError')

    expect(classes.length).toBeGreaterThan(10)
    expect(classes.filter((name) => !page.includes(`\`${name}\``))).toEqual([])
  })
})
