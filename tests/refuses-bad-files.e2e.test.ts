import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { holdfast, scratchFolder } from './harness/running-holdfast.ts'

/** A service that would leave a file behind if anything were started. */
const service = "services: { mark: { command: [node, -e, \"require('fs').writeFileSync('proof', '')\"] } }\n"
const upstream = 'upstreams: { primary: { url: "http://127.0.0.1:9" } }\n'

const bad: readonly (readonly [name: string, yaml: string, place: string, message: RegExp])[] = [
  ['an unknown key', `${service}gatway: {}\n`, '2:1', /gatway: unknown key; did you mean 'gateway'\?/],
  [
    'a wrong type',
    `${service}policies: { quick: { retry: { attempts: many } } }\n`,
    '2:41',
    /attempts: must be a whole number/,
  ],
  [
    'a chain that names nothing',
    `${service}${upstream}chains: { default: [primry] }\n`,
    '3:21',
    /there is no upstream 'primry'; did you mean 'primary'\?/,
  ],
  [
    'two services on one port',
    'services:\n  a: { command: a, listen: 127.0.0.1:9001 }\n  b: { command: b, listen: 127.0.0.1:9001 }\n',
    '3:28',
    /taken by the service 'a'/,
  ],
  [
    'a circle of needs',
    'services:\n  a: { command: a, needs: [b] }\n  b: { command: b, needs: [a] }\n',
    '2:27',
    /circle: a → b → a$/,
  ],
]

describe('holdfast up', () => {
  let folder: string
  beforeAll(() => {
    folder = scratchFolder()
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it.concurrent.each(bad)(
    'refuses %s: one message, with the place, and nothing is started',
    async (name, yaml, place, message) => {
      const own = join(folder, name.replaceAll(' ', '-'))
      mkdirSync(own)
      writeFileSync(join(own, 'holdfast.yaml'), yaml)

      const { code, err, out } = await holdfast(['up'], own)

      expect({ code, out }).toEqual({ code: 1, out: '' })
      const lines = err.trimEnd().split('\n')
      expect(lines).toHaveLength(1)
      expect(lines[0]).toMatch(message)
      expect(lines[0]).toMatch(new RegExp(`^holdfast\\.yaml:${place} `))
      expect(existsSync(join(own, 'proof'))).toBe(false)
      expect(existsSync(join(own, '.holdfast'))).toBe(false)
    },
  )

  it.concurrent('refuses a file that is not there', async () => {
    const { code, err } = await holdfast(['up', '-f', 'nowhere.yaml'], folder)

    expect(code).toBe(1)
    expect(err).toBe('nowhere.yaml:1:1 there is no such file: name one with -f\n')
  })
})
