import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { claimState, processGovernor } from '../../packages/governor/src/index.ts'
import { lives } from '../harness/running-holdfast.ts'

const folder = () => {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

it('a PID file left behind stops nobody from starting, and kills nobody who has that number now', async () => {
  const path = folder()
  const text = `${process.ppid}\nstarted long ago\nunit ${'a'.repeat(24)}/kill/a/b-1\nspec x\n`
  writeFileSync(join(path, 'a.pid'), text)
  writeFileSync(join(path, 'b.pid'), 'torn')

  using state = await claimState(path)
  await using g = processGovernor({ services: [{ name: 'a', command: ['sleep', '1000'] }], state })

  expect(await g.start()).toEqual({ ready: ['a'], failed: [] })
  expect(lives(process.ppid)).toBe(true)
  expect(readdirSync(path).sort()).toEqual(['a.pid', 'governor.1.lock'])
})

it('a service that ends by itself leaves no PID file', async () => {
  const path = folder()
  using state = await claimState(path)
  await using g = processGovernor({
    services: [
      {
        name: 'a',
        command: ['sleep', '1000'],
        backoff: { initial: 60_000, max: 60_000 },
        stableAfter: 60_000,
      },
    ],
    state,
  })
  await g.start()
  const restarting = new Promise<void>((resolve) => {
    g.on(({ type }) => type === 'service.restarting' && resolve())
  })
  process.kill(g.status()[0]!.pid!, 'SIGKILL')
  await restarting

  expect(readdirSync(path)).toEqual(['governor.1.lock'])
})
