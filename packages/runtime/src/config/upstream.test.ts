import { describe, expect, it } from 'vitest'
import { ConfigError } from './problem.ts'
import { readConfig } from './read.ts'
import type { UpstreamConfig } from './upstream.ts'

const read = (upstream: string): UpstreamConfig | undefined =>
  readConfig({ file: 'f', text: `upstreams:\n  a: ${upstream}\n`, environment: {} }).upstreams['a']

const complaint = (upstream: string): string => {
  try {
    read(upstream)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return ''
}

const serverKey = 'x'.repeat(40)

describe('upstreamOf', () => {
  it.each([
    ['{ url: http://x, model: m }', { is: 'http', url: 'http://x', model: 'm' }],
    ['{ grpc: "x:1", health: 1m }', { is: 'grpc', address: 'x:1', tls: false, health: 60_000 }],
    ['{ postgres: postgres://x, health: off }', { is: 'postgres', url: 'postgres://x', health: 'off' }],
    [
      '{ url: http://x, keys: [a, b], context: 8000, prefill: prefix, streams: true }',
      { is: 'http', url: 'http://x', keys: ['a', 'b'], context: 8_000, prefill: 'prefix', streams: true },
    ],
    [
      '{ url: http://x, tools: false, vision: true, prefill: false }',
      { is: 'http', url: 'http://x', tools: false, vision: true, prefill: false },
    ],
    ['{ grpc: localhost:50051 }', { is: 'grpc', address: 'localhost:50051', tls: false }],
    ['{ grpc: "grpc://[::1]:1/" }', { is: 'grpc', address: '[::1]:1', tls: false }],
    ['{ grpc: grpcs://kernel.acme:443 }', { is: 'grpc', address: 'kernel.acme:443', tls: true }],
    ['{ grpc: kernel:443, ca: ./ca.pem }', { is: 'grpc', address: 'kernel:443', tls: true, ca: './ca.pem' }],
    [
      '{ grpc: kernel:443, idempotent: [a.Kernel/Get] }',
      { is: 'grpc', address: 'kernel:443', tls: false, idempotent: ['a.Kernel/Get'] },
    ],
    ['{ zeromq: tcp://127.0.0.1:5555 }', { is: 'zeromq', endpoint: 'tcp://127.0.0.1:5555' }],
    [
      `{ zeromq: ipc:///run/x, serverKey: ${serverKey} }`,
      { is: 'zeromq', endpoint: 'ipc:///run/x', serverKey },
    ],
    [
      '{ postgres: postgres://u:p@h/db, preset: database }',
      { is: 'postgres', url: 'postgres://u:p@h/db', preset: 'database' },
    ],
  ])('reads %s', (text, expected) => {
    expect(read(text)).toEqual(expected)
  })

  it.each([
    ['{ model: m }', 'f:2:6 upstreams.a: needs an address: one of url, grpc, zeromq, postgres'],
    [
      '{ url: http://x, grpc: y:1 }',
      'f:2:29 upstreams.a.grpc: there is a url already: an upstream has one address',
    ],
    [
      '{ grpc: y:1, model: m }',
      'f:2:26 upstreams.a.model: is for an upstream with a url, and this one has a grpc',
    ],
    [
      '{ grpc: "https://y:1" }',
      'f:2:14 upstreams.a.grpc: must be a gRPC server: host:port, grpc://host:port, or grpcs://host:port with TLS',
    ],
    ['{ url: http://x, key: a, keys: [b] }', 'f:2:37 upstreams.a.keys: there is a key already'],
    ['{ url: http://x, keys: [] }', 'f:2:29 upstreams.a.keys: must have at least one key'],
    [
      '{ grpc: "x:1", provider: openai }',
      'upstreams.a.provider: is for an upstream with a url, and this one has a grpc',
    ],
    ['{ url: http://x, dialect: french }', 'upstreams.a.dialect: must be openai, anthropic or both'],
    ['{ url: http://x, prefill: maybe }', 'upstreams.a.prefill: must be true, false, plain, prefix or vllm'],
    ['{ url: http://x, health: often }', 'f:2:31 upstreams.a.health: must be off, or a duration such as 1m'],
    ['{ url: http://x, health: 0s }', 'f:2:31 upstreams.a.health: must be off, or a duration such as 1m'],
    ['{ url: http://x, tools: some }', 'f:2:30 upstreams.a.tools: must be true or false'],
    ['{ grpc: "x:1", vision: true }', 'upstreams.a.vision: is for an upstream with a url'],
    ['{ grpc: y }', 'f:2:14 upstreams.a.grpc: must be a gRPC server'],
    ['{ grpc: y:1, idempotent: [Get] }', 'must be a method of gRPC: package.Service/Method'],
    ['{ grpc: y:1, idempotent: Get }', 'must be a list of methods of gRPC'],
    ['{ zeromq: 127.0.0.1:5 }', 'f:2:16 upstreams.a.zeromq: must be an endpoint of ZeroMQ'],
    ['{ zeromq: "ipc://" }', 'f:2:16 upstreams.a.zeromq: must be an endpoint of ZeroMQ'],
    ['{ zeromq: tcp://x:1, serverKey: short }', 'f:2:38 upstreams.a.serverKey: must be the 40 characters'],
    ['{ postgres: mysql://x }', 'f:2:18 upstreams.a.postgres: must be the address of a database'],
    ['{ postgres: postgres://x, preset: jra }', 'f:2:40 upstreams.a.preset: must be one of'],
  ])('does not take %s', (text, expected) => {
    expect(complaint(text)).toContain(expected)
  })

  it('is no link of a chain unless it has a url', () => {
    const text = 'upstreams: { db: { postgres: "postgres://h/db" } }\nchains: { c: [db] }'

    expect(() => readConfig({ file: 'f', text, environment: {} })).toThrow(
      "f:2:15 chains.c[0]: 'db' is no model: a link needs an upstream with a url",
    )
  })
})
