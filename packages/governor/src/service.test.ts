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
      startTimeout: 30_000,
      stopGrace: 4_000,
      stableAfter: 10_000,
      backoff: { initial: 200, max: 500, factor: 2 },
    })
  })

  it.each([
    [{ name: '' }, 'name is ""'],
    [{ command: [] }, 'command is []'],
    [{ startTimeout: -1 }, 'startTimeout is -1'],
    [{ stopGrace: Number.NaN }, 'stopGrace is'],
    [{ backoff: { factor: 0.5 } }, 'backoff.factor is 0.5'],
    [{ ready: { http: 'https://localhost/' } }, 'ready.http is "https://localhost/"'],
    [{ ready: { tcp: { host: 'localhost', port: 70_000 } } }, 'ready.tcp.port is 70000'],
  ])('refuses %j, naming the option and the value', (wrong, message) => {
    expect(() => service({ ...a, ...wrong })).toThrow(`: ${message}`)
  })

  it('refuses to ask over tcp on a socket that is held, since that always answers', () => {
    const held = { host: '127.0.0.1', port: 4700, fd: 9, close: () => {} }
    const ready = { tcp: { host: 'localhost', port: 4700 } }

    expect(() => service({ ...a, listen: [held], ready })).toThrow('use http or line')
  })
})
