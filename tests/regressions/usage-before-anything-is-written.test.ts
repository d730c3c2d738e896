import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readUsage } from '@holdfast/gateway/usage'
import { expect, it } from 'vitest'

it('a ledger that was begun, and had no room for its first table, has nothing in it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-begun-'))
  const file = join(folder, 'usage.sqlite')
  writeFileSync(file, '')

  expect(readUsage(file, { by: ['client'] })).toEqual({ rows: [] })
  writeFileSync(file, 'no ledger at all, but words that somebody put there')
  expect(() => readUsage(file, { by: ['client'] })).toThrow('cannot be read')
  rmSync(folder, { recursive: true })
})
