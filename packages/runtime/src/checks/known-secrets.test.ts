import { describe, expect, it } from 'vitest'
import { withoutSecretsOf } from './known-secrets.ts'

describe('withoutSecretsOf', () => {
  it('hides both passwords of a database, as they are written and as they are meant', () => {
    const hide = withoutSecretsOf({
      is: 'postgres',
      url: 'postgres://app:p%40ss-one@db/orders',
      replica: 'postgres://app:p%40ss-one-two@db2/orders',
    })

    expect(hide('p@ss-one, p%40ss-one, p@ss-one-two')).toBe('[redacted], [redacted], [redacted]')
    expect(hide('app at db')).toBe('app at db')
  })

  it('hides a key, and survives what is no percent-encoding', () => {
    expect(withoutSecretsOf({ is: 'http', url: 'http://x', key: 'plain words' })('no: plain words')).toBe(
      'no: [redacted]',
    )
    expect(withoutSecretsOf({ is: 'postgres', url: 'postgres://a:100%zz@x' })('100%zz')).toBe('[redacted]')
    expect(withoutSecretsOf({ is: 'zeromq', endpoint: 'tcp://x:1' })('tcp://x:1')).toBe('tcp://x:1')
  })

  it('leaves alone what stands in every other text', () => {
    expect(withoutSecretsOf({ is: 'postgres', url: 'postgres://app:a@x' })('a database')).toBe('a database')
    expect(withoutSecretsOf({ is: 'postgres', url: 'postgres://x' })('a database')).toBe('a database')
  })
})
