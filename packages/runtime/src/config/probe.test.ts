import { describe, expect, it } from 'vitest'
import { probe } from './probe.ts'

const listen = { host: '127.0.0.1', port: 9001 }

describe('probe', () => {
  it.each([
    ['http:/health', { http: 'http://127.0.0.1:9001/health' }],
    ['http://127.0.0.1:9/up?x=1', { http: 'http://127.0.0.1:9/up?x=1' }],
    ['tcp', { tcp: listen }],
    ['tcp://[::1]:9', { tcp: { host: '::1', port: 9 } }],
    ['line:listening on', { line: 'listening on' }],
    ['line:/^ready/i', { line: /^ready/i }],
    ['command:./check --all', { command: ['./check', '--all'] }],
    ['notify', { notify: true }],
    ['exit', { exit: true }],
  ])('reads %s', (ready, meant) => {
    expect(probe(ready, listen)).toEqual(meant)
  })

  it('asks over a wire that the service speaks', () => {
    expect(probe('grpc://127.0.0.1:50051', listen)).toBeTypeOf('function')
    expect(probe('zeromq:tcp://127.0.0.1:5555', undefined)).toBeTypeOf('function')
  })

  it('is none where none is asked for', () => {
    expect(probe(undefined, listen)).toBeUndefined()
  })

  it('puts the brackets round an IPv6 address', () => {
    expect(probe('http:/', { host: '::1', port: 9 })).toEqual({ http: 'http://[::1]:9/' })
  })

  it.each(['http:/health', 'tcp'])('needs an address for %s', (ready) => {
    expect(() => probe(ready, undefined)).toThrow(/it names none: add `listen:/)
  })

  it.each([
    'https://127.0.0.1/',
    'grpc://127.0.0.1',
    'line:',
    'tcp://127.0.0.1',
    'tcp://127.0.0.1:0',
    'soon',
  ])('refuses %s with what may stand there', (ready) => {
    expect(() => probe(ready, listen)).toThrow(`'${ready}' is no sign of readiness: write http:/path`)
  })

  it('refuses a pattern that is none', () => {
    expect(() => probe('line:/(/', listen)).toThrow(/Invalid regular expression/)
  })
})
