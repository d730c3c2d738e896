import { readdirSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { format } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import * as policy from '../packages/policy/src/index.ts'
import * as context from '../packages/policy/src/node/index.ts'
import * as testing from '../packages/policy/src/testing/index.ts'

const folder = join(import.meta.dirname, '..', 'docs', 'policies')
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
const doors: Readonly<Record<string, object>> = {
  '@holdfast/policy': policy,
  '@holdfast/policy/context': context,
  '@holdfast/policy/testing': testing,
}
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

/** Runs a block as the module that it is, and answers with what it prints. */
async function printed(code: string): Promise<string> {
  const lines: string[] = []
  const say = (...said: unknown[]) => void lines.push(`${format(...said)}\n`)
  const body = stripTypeScriptTypes(code).replace(
    /^import \{([^}]*)\} from '([^']+)'/gm,
    (_, names: string, door: string) =>
      `const {${names.replaceAll(' as ', ': ')}} = doors[${JSON.stringify(door)}]`,
  )
  const AsyncFunction = (async () => {}).constructor as FunctionConstructor
  await new AsyncFunction('doors', 'console', body)(doors, { log: say, error: say })
  return lines.join('')
}

afterEach(() => {
  for (const { name } of Object.values(policy.statuses()).flat()) policy.forget(name)
})

describe('the pages of the policies', () => {
  it.each(pages)('$name has the headings that all have', ({ text }) => {
    const prose = text.replace(/^```[\s\S]*?^```/gm, '')

    expect([...prose.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading)).toEqual(headings)
  })

  it.each(programs)('$name prints what it says it prints', async ({ code, output }) => {
    expect(await printed(code)).toBe(output)
  })

  it('are all in the table of contents', () => {
    const contents = readFileSync(join(folder, 'README.md'), 'utf8')

    expect(pages.filter(({ name }) => !contents.includes(`](${name})`)).map(({ name }) => name)).toEqual([])
  })
})
