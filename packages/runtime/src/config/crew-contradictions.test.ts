import { describe, expect, it } from 'vitest'
import { readConfig } from './read.ts'

const complaint = (service: string, more = '') => {
  try {
    readConfig({ file: 'x', text: `services:\n  a:\n    command: a\n${service}${more}`, environment: {} })
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}
const lines = (...rows: string[]) => rows.map((row) => `    ${row}\n`).join('')

describe('ofCrew', () => {
  it('lets be what can be', () => {
    const held = lines(
      'listen: 127.0.0.1:9001',
      'replicas: 3',
      'enough: 2',
      'surge: 2',
      'spare: 1',
      'ready: notify',
    )
    expect(complaint(held)).toBeUndefined()
    expect(complaint(lines('replicas: 3'))).toBeUndefined()
    expect(complaint(lines('listen: 127.0.0.1:9001', 'hold: true', 'ready: http:/health'))).toBeUndefined()
  })

  it.each([
    [['replicas: 2', 'enough: 3'], '5:13 services.a.enough: use no more than there are replicas, 2'],
    [['hold: true'], '4:11 services.a.hold: is about a socket that is held'],
    [['surge: 2'], '4:12 services.a.surge: is about a socket that is held'],
    [['replicas: 0'], '4:15 services.a.replicas: '],
    [['spare: 2'], '4:12 services.a.spare: must be 0 or 1'],
    [['listen: 127.0.0.1:9001', 'replicas: 2', 'hold: false'], '6:11 services.a.hold: its processes share'],
    [['listen: 127.0.0.1:9001', 'replicas: 2', 'ready: http:/health'], '6:12 services.a.ready: use notify'],
    [['listen: 127.0.0.1:9001', 'hold: true', 'ready: tcp'], '6:12 services.a.ready: proves nothing'],
    [
      ['listen: 127.0.0.1:9001', 'spare: 1', 'ready: notify', 'alive: http:/h'],
      '7:12 services.a.alive: use notify',
    ],
    [['listen: 127.0.0.1:9001', 'hold: true', 'onGovernorDeath: adopt'], '6:22 services.a.onGovernorDeath: '],
    [['restart: never', 'spare: 1'], '5:12 services.a.spare: use 0 for a job'],
  ])('complains of %j in its place', (rows, expected) => {
    expect(complaint(lines(...rows))).toContain(expected)
  })

  it('complains of several processes that fall and rise with others', () => {
    expect(complaint(lines('replicas: 2', 'group: g'), 'groups: { g: one-for-all }\n')).toContain(
      'services.a.group: use one process',
    )
  })
})
