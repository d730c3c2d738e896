import { describe, expect, it } from 'vitest'
import { service } from './service.ts'

const a = { name: 'a', command: ['a'] }

describe('service', () => {
  it('fills in what is not said', () => {
    expect(service({ ...a, backoff: { max: 500 } })).toEqual({
      ...a,
      env: {},
      needs: [],
      listen: [],
      replicas: 1,
      enough: 1,
      surge: 1,
      spare: 0,
      startTimeout: 30_000,
      restart: 'always',
      successCodes: [0],
      stopSignal: 'SIGTERM',
      hookTimeout: 30_000,
      onGovernorDeath: 'kill',
      stopGrace: 4_000,
      stableAfter: 10_000,
      backoff: { initial: 200, max: 500, factor: 2 },
    })
  })

  it.each([
    [{ name: '' }, 'name is ""'],
    [{ command: [] }, 'command is []'],
    [{ env: { KEY: 'secret\0' } }, 'env is "KEY"; use'],
    [{ env: { 'A=B': 'secret' } }, 'env is "A=B"; use'],
    [{ startTimeout: -1 }, 'startTimeout is -1'],
    [{ before: [''] }, 'before is [""]'],
    [{ restart: 'sometimes' as never }, 'restart is "sometimes"'],
    [{ successCodes: [256] }, 'successCodes is 256'],
    [{ stopSignal: 'SIGNONE' as never }, 'stopSignal is "SIGNONE"'],
    [{ giveUp: { restarts: 0, within: 1 } }, 'giveUp.restarts is 0'],
    [{ giveUp: { restarts: 1, within: 0 } }, 'giveUp.within is 0'],
    [{ maxMemory: 0 }, 'maxMemory is 0'],
    [{ restartAt: { cron: 'soon' } }, 'restartAt is {"cron":"soon"}'],
    [{ alive: { probe: { exit: true } as const } }, 'alive.probe is {"exit":true}'],
    [{ alive: { probe: { line: 'x' }, failures: 0 } }, 'alive.failures is 0'],
    [{ alive: { probe: { command: [] } } }, 'alive.probe.command is []'],
    [{ stopGrace: Number.NaN }, 'stopGrace is'],
    [{ backoff: { factor: 0.5 } }, 'backoff.factor is 0.5'],
    [{ ready: { http: 'https://localhost/' } }, 'ready.http is "https://localhost/"'],
    [{ ready: { tcp: { host: 'localhost', port: 70_000 } } }, 'ready.tcp.port is 70000'],
  ])('refuses %j, naming the option and the value', (wrong, message) => {
    expect(() => service({ ...a, ...wrong })).toThrow(`: ${message}`)
  })

  it('lets a job take as long as it likes, unless it is told otherwise', () => {
    expect(service({ ...a, restart: 'never' })).toMatchObject({
      ready: { exit: true },
      startTimeout: Infinity,
    })
    expect(service({ ...a, restart: 'never', startTimeout: 5 }).startTimeout).toBe(5)
    expect(service({ ...a, restart: 'never', ready: { line: 'up' } }).startTimeout).toBe(30_000)
  })

  it('refuses to ask over tcp on a socket that is held, since that always answers', () => {
    const held = { host: '127.0.0.1', port: 4700, fd: 9, close: () => {} }
    const ready = { tcp: { host: 'localhost', port: 4700 } }

    expect(() => service({ ...a, listen: [held], ready })).toThrow('use http or line')
  })
})
