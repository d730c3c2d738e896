import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

// `npm ci` refused the lock file on a fresh clone: a tool named packages for platforms that nobody had published,
// so npm had written a lock file without them.
it('the lock file lists every optional package that its packages name', () => {
  const { packages } = JSON.parse(
    readFileSync(join(import.meta.dirname, '../../package-lock.json'), 'utf8'),
  ) as {
    packages: Record<string, { optionalDependencies?: Record<string, string> }>
  }
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !Object.keys(packages).some((known) => known.endsWith(`node_modules/${name}`)))
      .map((name) => `${path} → ${name}`),
  )

  expect(missing).toEqual([])
})

it('the lock file names no registry', () => {
  const text = readFileSync(join(import.meta.dirname, '../../package-lock.json'), 'utf8')

  expect(text).not.toMatch(/"resolved": "https?:/)
})
