import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const megabyte = 1024 * 1024

/** By how many bytes the young generation of a process grows by much short-lived garbage, once it did this. */
const growth = async (first: string): Promise<number> => {
  const program = `${first}
    const { getHeapSpaceStatistics } = await import('node:v8')
    const young = () => getHeapSpaceStatistics().find((each) => each.space_name === 'new_space').space_size
    const before = young()
    let kept = []
    for (let n = 0; n < 4e6; n++) { kept.push({ n }); if (kept.length > 2e4) kept = [] }
    console.log(young() - before)`
  const args = ['--conditions=@holdfast/source', '--input-type=module', '-e', program]
  return Number((await promisify(execFile)(process.execPath, args)).stdout)
}

describe('leanProcess', () => {
  it('keeps the young generation small, which otherwise grows', async () => {
    const lean = `(await import('${import.meta.resolve('./lean-process.ts')}')).leanProcess()`

    expect(await growth(lean)).toBeLessThanOrEqual(megabyte)
    expect(await growth('')).toBeGreaterThan(2 * megabyte)
  })
})
