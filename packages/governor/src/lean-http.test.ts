import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'

/** Whether a program that imports this has loaded the client that Node keeps for `fetch`. */
const loadsClient = (source: string): boolean =>
  JSON.parse(
    execFileSync(
      process.execPath,
      [
        '--conditions=@holdfast/source',
        '--input-type=module',
        '-e',
        `${source}; console.log(process.moduleLoadList.some((name) => name.endsWith('undici/undici')))`,
      ],
      { encoding: 'utf8', cwd: import.meta.dirname },
    ),
  )

describe('leanHttp', () => {
  it('brings no second client along, nor does anything else of a governor', () => {
    expect(loadsClient("import 'node:http'")).toBe(true)
    expect(
      loadsClient(
        `import '${import.meta.resolve('./index.ts')}'; (await import('${import.meta.resolve('./lean-http.ts')}')).leanHttp().request`,
      ),
    ).toBe(false)
  })
})
