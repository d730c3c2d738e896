import { afterEach, describe, expect, it } from 'vitest'
import { kept, spec, stopKept } from './testing/kept-governor.ts'

afterEach(stopKept)

describe('admitted', () => {
  it('tells a process which replica it is: at once, or when it is let in', async () => {
    const program = `
      import { admitted } from ${JSON.stringify(import.meta.resolve('./admitted.ts'))}
      console.log('up as ' + (await admitted()))
      setInterval(() => {}, 1e6)`
    const command = ['node', '--conditions=@holdfast/source', '--input-type=module', '-e', program]
    const { g, of, event, lines } = kept([
      spec('a', { command, ready: { line: 'up as' }, replicas: 2, spare: 1 }),
    ])
    await g.start()
    const { pid: spare } = await event('spare.started')
    const second = of('a').replicas!.each.find(({ replica }) => replica === 2)!

    process.kill(second.pid!, 'SIGKILL')
    await event('service.ready', 3)

    expect(of('a').replicas!.each.find(({ replica }) => replica === 2)).toMatchObject({ pid: spare })
    expect(lines.map(({ line, replica }) => [line, replica]).toSorted()).toEqual([
      ['up as 1', 1],
      ['up as 2', 2],
      ['up as 2', 2],
    ])
  })
})
