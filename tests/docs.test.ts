import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readConfig } from '../packages/runtime/src/config/read.ts'
import { failureClasses } from '../packages/transport/src/failure.ts'

const root = join(import.meta.dirname, '..')
const pages = [
  ...['README.md', 'AGENTS.md', 'CONTRIBUTING.md'].map((name) => join(root, name)),
  ...['docs', 'packages', 'examples', 'benchmarks'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.name.endsWith('.md') && !/node_modules/.test(entry.parentPath))
      .map((entry) => join(entry.parentPath, entry.name)),
  ),
].map((path) => ({ path, name: path.slice(root.length + 1), text: readFileSync(path, 'utf8') }))

const blocks = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, 'gm'))].map((match) => match[1]!)

describe('the docs', () => {
  it('show only files that holdfast up accepts', () => {
    const files = pages.flatMap(({ name, text }) => blocks(text, 'yaml').map((yaml) => ({ name, yaml })))

    expect(files.length).toBeGreaterThan(0)
    for (const { name, yaml } of files) {
      expect(() => readConfig({ file: name, text: yaml, environment: {} }), name).not.toThrow()
    }
  })

  it('have lines to uncomment in the quickstart that holdfast up accepts', () => {
    const name = 'examples/quickstart/holdfast.yaml'
    const text = readFileSync(join(root, name), 'utf8')
    const real = text
      .replace(/^ {2}default: .*\n/m, '')
      .replace(/^ {2}# (claude|deepseek|default): /gm, '  $1: ')
    const environment = { ANTHROPIC_API_KEY: 'a', DEEPSEEK_API_KEY: 'd' }

    expect(readConfig({ file: name, text: real, environment }).upstreams).toMatchObject({
      claude: { provider: 'anthropic', key: 'a' },
      deepseek: { provider: 'deepseek', key: 'd' },
    })
  })

  it('link only to what is there', () => {
    const broken = pages.flatMap(({ path, name, text }) =>
      [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)]
        .map((match) => match[1]!)
        .filter((target) => !existsSync(join(dirname(path), target)))
        .map((target) => `${name} → ${target}`),
    )

    expect(broken).toEqual([])
  })

  it('name every class of failure that a client may read in x-holdfast-failed', () => {
    const { text } = pages.find(({ name }) => name === 'docs/guide/the-gateway.md')!
    const named = [...text.matchAll(/^\| `([a-z]+)` \|/gm)].map((match) => match[1])

    for (const each of [...failureClasses, 'open', 'unable', 'diverged']) expect(named).toContain(each)
  })

  it('name the commands that there are', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>
    }
    const named = pages.flatMap(({ name, text }) =>
      [...text.matchAll(/npm run ([a-z]+)/g)].map((match) => ({ name, script: match[1]! })),
    )

    expect(named.filter(({ script }) => !(script in scripts))).toEqual([])
  })
})
