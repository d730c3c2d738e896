import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'

/** Bytes of the young generation of a process that made much short-lived garbage. */
const young = (first: string): number =>
  Number(
    execFileSync(
      process.execPath,
      [
        '--conditions=@holdfast/source',
        '--input-type=module',
        '-e',
        `${first}
        const { getHeapSpaceStatistics } = await import('node:v8')
        let kept = []
        for (let n = 0; n < 2e6; n++) { kept.push({ n }); if (kept.length > 2e4) kept = [] }
        console.log(getHeapSpaceStatistics().find((each) => each.space_name === 'new_space').space_size)`,
      ],
      { encoding: 'utf8' },
    ),
  )

describe('leanProcess', () => {
  it('keeps the young generation small, which otherwise grows', () => {
    const lean = young(`(await import('${import.meta.resolve('./lean-process.ts')}')).leanProcess()`)

    expect(lean).toBeLessThanOrEqual(4 * 1024 * 1024)
    expect(young('')).toBeGreaterThan(2 * lean)
  })
})
