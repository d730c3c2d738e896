import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { claimState, processGovernor } from '../../packages/governor/src/index.ts'

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

const steady = (name: string) => ({
  name,
  command: ['sh', '-c', 'echo up; exec sleep 1000'],
  ready: { line: 'up' },
})

it('a start that waits for one service does not stumble over another that is removed meanwhile', async () => {
  await using g = processGovernor({
    services: [steady('kept'), { ...steady('slow'), ready: { line: 'never' } }],
  })
  const started = new Promise<void>((resolve) => {
    g.on(({ type }) => type === 'service.ready' && resolve())
  })
  const starting = g.start()
  await started

  await g.apply([{ ...steady('slow'), ready: { line: 'never' } }])
  expect(await g.addHandler(steady('other'))).toEqual({ ready: ['other'], failed: [] })
  await g.stop()

  expect((await starting).failed.map(({ service }) => service)).toEqual(['kept', 'slow'])
})

it('of many who add a handler of one name at once one does, and all who remove it at once find it gone', async () => {
  await using g = processGovernor({ services: [] })

  for (let round = 0; round < 5; round++) {
    const added = await Promise.allSettled(Array.from({ length: 10 }, () => g.addHandler(steady('a'))))
    const removed = await Promise.allSettled(Array.from({ length: 10 }, () => g.removeHandler('a')))
    const codes = [...added, ...removed].map((each) =>
      each.status === 'rejected' ? each.reason.code : 'done',
    )

    expect(codes).toEqual([
      'done',
      ...Array(9).fill('NAME_TAKEN'),
      'done',
      ...Array(9).fill('UNKNOWN_SERVICE'),
    ])
    expect(g.status()).toEqual([])
  }
})
