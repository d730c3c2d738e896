import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { type OutputChunk, rolldown } from 'rolldown'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')
const policy = join(root, 'packages/policy/src')
const entry = join(root, 'entry.js')
const [, example = ''] = /^```ts\n([\s\S]*?)^```/m.exec(readFileSync(join(root, 'README.md'), 'utf8')) ?? []

/** Bundles a module for browsers, from source. */
async function bundled(source: string): Promise<OutputChunk> {
  const build = await rolldown({
    input: 'entry',
    cwd: root,
    platform: 'browser',
    resolve: { conditionNames: ['@holdfast/source', 'import', 'default'] },
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === 'entry' ? entry : null),
        load: (id) => (id === entry ? source : null),
      },
    ],
    onLog(_, { message }) {
      throw new Error(message)
    },
  })
  const { output } = await build.generate({ format: 'esm', minify: true })
  await build.close()
  expect(output.length).toBe(1)
  return output[0]
}

async function run(code: string): Promise<Record<string, unknown>> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bundle-'))
  const file = join(folder, 'bundle.mjs')
  writeFileSync(file, code)
  try {
    return await import(/* @vite-ignore */ pathToFileURL(file).href)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe('the bundle', () => {
  it('of the example on the first screen is 13,000 bytes at most, compressed', async () => {
    const { code, modules } = await bundled(example)
    const largest = Object.entries(modules)
      .toSorted(([, a], [, b]) => b.code!.length - a.code!.length)
      .map(([id, module]) => `${relative(policy, id)} ${module.code!.length}`)

    expect(example).toContain('@holdfast/policy')
    expect(gzipSync(code).length, `by module: ${largest.join(', ')}`).toBeLessThanOrEqual(13_000)
  })

  it('of the example works', async () => {
    const { code } = await bundled(`${example}\nexport { answer }`)
    const around = "const url = 'https://a.test/', fetch = async (at, { signal }) => [at, signal.aborted];"

    expect((await run(around + code))['answer']).toEqual(['https://a.test/', false])
  })

  it('of the whole main door needs nothing outside it, no Node and no other package', async () => {
    const { code, imports, dynamicImports, moduleIds } = await bundled("export * from '@holdfast/policy'")

    expect([...imports, ...dynamicImports]).toEqual([])
    expect(
      moduleIds.filter(
        (id) => id !== entry && (!id.startsWith(policy) || id.startsWith(join(policy, 'node'))),
      ),
    ).toEqual([])
    expect(moduleIds.length).toBeGreaterThan(20)
    expect(code.match(/.{0,60}(["'`]node:|[^.}]\brequire\(|\bprocess\.|\bBuffer\b).{0,60}/g)).toBe(null)
  })

  it('of the whole main door works', async () => {
    const { code } = await bundled(
      "import * as all from '@holdfast/policy'\nexport const names = Object.keys(all)\nexport const answer = await all.wrap(all.retry(), all.breaker('a'), all.timeout(1_000))(() => 42)",
    )
    const { answer, names } = await run(code)

    expect(answer).toBe(42)
    expect(names).toContain('breaker')
  })
})
