import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const run = promisify(execFile)
const folder = join(import.meta.dirname, '../examples')
const examples = readdirSync(folder)
  .filter((name) => /^\d\d-.*\.ts$/.test(name))
  .map((name) => ({ name, path: join(folder, name), text: readFileSync(join(folder, name), 'utf8') }))

/** What an example says at its end that it prints. */
const promised = (text: string): string | undefined => /\/\* Output:\n([\s\S]*)\*\/\n$/.exec(text)?.[1]

describe('the examples', () => {
  it('are numbered without a gap', () => {
    const numbers = examples.map(({ name }) => Number(name.slice(0, 2)))

    expect(numbers).toEqual(numbers.map((_, index) => index + 1))
    expect(numbers.length).toBeGreaterThanOrEqual(10)
  })

  it.concurrent.each(examples)(
    '$name prints what it says, and leaves nothing running',
    async ({ path, text }) => {
      const { stdout, stderr } = await run(process.execPath, ['--conditions=@holdfast/source', path], {
        timeout: 8_000,
      })

      expect(stdout).toBe(promised(text))
      expect(stderr).toBe('')
    },
  )

  it.each(examples)(
    '$name has 60 lines at most, and needs nothing but Holdfast, or the AI SDK beside it',
    ({ text }) => {
      const imports = [...text.matchAll(/from '([^']+)'/g)].map(([, target]) => target!)

      expect(text.split('\n').length - 1).toBeLessThanOrEqual(60)
      expect(imports.filter((target) => !/^@holdfast\/|^node:events$|^ai$|^@ai-sdk\//.test(target))).toEqual(
        [],
      )
      expect(text).not.toMatch(/\bfetch\(|setTimeout/)
    },
  )
})
