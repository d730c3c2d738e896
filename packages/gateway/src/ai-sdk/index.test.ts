import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'

/** What a file and all that it imports load from outside this package; types load nothing. */
function loaded(path: string, seen = new Set<string>()): string[] {
  if (seen.has(path)) return []
  seen.add(path)
  const text = readFileSync(path, 'utf8')
  const imports = text.matchAll(/^(?:import|export) (?!type )[^;]*?from '([^']+)'/gm)
  return [...imports].flatMap(([, target]) =>
    target!.startsWith('.') ? loaded(join(dirname(path), target!), seen) : [target!],
  )
}

it('the door for the AI SDK loads nothing but Holdfast, and no client of HTTP', () => {
  const outside = new Set(loaded(join(import.meta.dirname, 'index.ts')))

  expect([...outside].sort()).toEqual([
    '@holdfast/policy',
    '@holdfast/telemetry/lines',
    '@holdfast/transport',
    'node:buffer',
  ])
})
