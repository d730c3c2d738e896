import { expect, it } from 'vitest'
import { underLoad } from './harness/killed-under-load.ts'
import { holdfast } from './harness/running-holdfast.ts'

it('loses no more of the ledger than the last second when the edge is killed with -9', async () => {
  await using load = await underLoad()
  load.provider.next({ does: 'stall', after: 4 })
  await load.grown(0, 20)
  await expect.poll(load.noted, { timeout: 20_000 }).toBeGreaterThan(0)
  await load.killEdge()
  await expect.poll(() => load.written().wasted.attempts, { timeout: 20_000 }).toBeGreaterThan(0)
  await load.quiet()
  await load.holdfast.end()

  load.demandWhole()
  const { code, out } = await holdfast(['usage', '--by', 'chain,link,model'], load.holdfast.folder)
  expect(code).toBe(0)
  expect(out).toMatch(
    /^chain +link +model +answers +input +cached +output +cost +wasted +its cost\ndefault +a +m +[\d,]+ +~/,
  )
}, 60_000)
