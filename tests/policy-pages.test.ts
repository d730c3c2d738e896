import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')
const folder = join(root, 'docs', 'policies')
const headings = [
  'In one sentence',
  'Usage',
  'Defaults',
  'Events',
  'When it works',
  'When it does not',
  'When to use it',
  'When not to',
]
const pages = readdirSync(folder)
  .filter((name) => name.endsWith('.md') && name !== 'README.md')
  .map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }))

/** Each block of code, and the output that stands after it. */
const programs = pages.flatMap(({ name, text }) =>
  [...text.matchAll(/^```ts\n([\s\S]*?)^```\n+(?:^```text\n([\s\S]*?)^```)?/gm)].map(
    ([, code, output], n) => ({
      name: `${name} ${n + 1}`,
      code: code!,
      output,
    }),
  ),
)

describe('the pages of the policies', () => {
  it.each(pages)('$name has the headings that all have', ({ text }) => {
    const prose = text.replace(/^```[\s\S]*?^```/gm, '')

    expect([...prose.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading)).toEqual(headings)
  })

  it.concurrent.each(programs)('$name prints what it says it prints', async ({ code, output }) => {
    const args = ['--conditions=@holdfast/source', '--input-type=module-typescript', '--eval', code]
    const env = { ...process.env, NO_COLOR: '1' }
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: root, env })

    expect(stdout).toBe(output)
    expect(stderr).toBe('')
  })

  it('are all in the table of contents', () => {
    const contents = readFileSync(join(folder, 'README.md'), 'utf8')

    expect(pages.filter(({ name }) => !contents.includes(`](${name})`)).map(({ name }) => name)).toEqual([])
  })
})
