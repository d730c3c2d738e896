import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')
const folders = ['docs/guide', 'docs/wires'] as const

/** Each block of code that the output stands after. */
const pages = folders.flatMap((folder) => readdirSync(join(root, folder)).map((name) => `${folder}/${name}`))
const programs = pages.flatMap((name) =>
  [
    ...readFileSync(join(root, name), 'utf8').matchAll(
      /^```ts\n((?:(?!^```)[\s\S])*)^```\n+```text\n([\s\S]*?)^```/gm,
    ),
  ].map(([, code, output], n) => ({ name: `${name} ${n + 1}`, code: code!, output })),
)

describe('the guide and the pages of the wires', () => {
  // Each is a process that loads half of Holdfast, and a busy machine runs them one after the other.
  it.concurrent.each(programs)(
    '$name prints what it says it prints',
    { timeout: 60_000 },
    async ({ code, output }) => {
      const args = ['--conditions=@holdfast/source', '--input-type=module-typescript', '--eval', code]
      const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: root })

      expect({ stdout, stderr }).toEqual({ stdout: output, stderr: '' })
    },
  )

  it('has code that is run', () => {
    expect(programs.length).toBeGreaterThan(1)
  })
})
