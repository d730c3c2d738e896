import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { claimState } from '../../packages/governor/src/index.ts'

it('of many who claim one state directory at once one has it, time after time', async () => {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))

  for (let round = 0; round < 10; round++) {
    const claims = await Promise.allSettled(Array.from({ length: 20 }, () => claimState(path)))
    const held = claims.flatMap((claim) => (claim.status === 'fulfilled' ? claim.value : []))
    const codes = claims.flatMap((claim) => (claim.status === 'rejected' ? claim.reason.code : []))

    expect(held).toHaveLength(1)
    expect(codes).toEqual(Array(19).fill('ALREADY_RUNNING'))
    held[0]!.release()
  }
})
