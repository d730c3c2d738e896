import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { edgeLog } from './edge-log.ts'

function listening(level = 'info', after: Promise<unknown> = Promise.resolve()) {
  const to = new PassThrough({ encoding: 'utf8' })
  let text = ''
  to.on('data', (piece: string) => (text += piece))
  let levels: unknown = { level, services: {} }
  const log = edgeLog({ governor: { call: async () => levels }, after, to })
  const told = async (): Promise<string[]> => {
    await log.close()
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line).msg)
  }
  return { log, told, levels: (next: unknown) => (levels = next) }
}

describe('edgeLog', () => {
  it('tells what came before the logger was there, in order, and no more than fits (I1, I2)', async () => {
    const open = Promise.withResolvers<void>()
    const { log, told } = listening('info', open.promise)

    for (let n = 0; n < 100_000; n++) log.warn(`line ${n}`)
    open.resolve()

    expect(await told()).toEqual([
      ...Array.from({ length: 1_000 }, (_, n) => `line ${n}`),
      '99000 lines are missing here: they came before the log was there',
    ])
  })

  it('takes over the level of all, or its own, that the governor has', async () => {
    const { log, told, levels } = listening()

    levels({ level: 'info', services: { edge: 'error' } })
    await log.refresh()
    log.warn('left out')
    log.error(new Error('no'), 'told')
    levels({ level: 'warn', services: { other: 'silent' } })
    await log.refresh()
    log.warn('told too')

    expect(await told()).toEqual(['told', 'told too'])
  })

  it('goes on as it was when the governor does not answer', async () => {
    const to = new PassThrough({ encoding: 'utf8' })
    const gone = { call: () => Promise.reject(new Error('gone')) }
    const log = edgeLog({ governor: gone, after: Promise.resolve(), to })

    await log.refresh()
    log.warn('still here')

    const [line] = (await once(to, 'data')) as [string]
    expect(JSON.parse(line)).toMatchObject({ service: 'edge', level: 'warn', msg: 'still here' })
  })
})
