import { withContext } from '@holdfast/policy/context'
import { describe, expect, it } from 'vitest'
import { identity, identityHeaders, identityOnward } from './identity.ts'

const trace = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', sampled: true }
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

describe('identity', () => {
  it('is in the trace around it, and claims nothing where there is none', () => {
    expect(withContext({ trace }, () => identity({})).trace).toEqual(trace)
    expect(identity({}).trace.sampled).toBe(false)
  })

  it('keeps a sane correlation', () => {
    const known = identity({ 'x-correlation-id': 'a:b/c.d_e@f+g=h-1' })

    expect(identityHeaders(known)).toEqual({
      'x-trace-id': known.trace.traceId,
      'x-correlation-id': 'a:b/c.d_e@f+g=h-1',
    })
  })
})

describe('identityOnward', () => {
  it('hands on the correlation', () => {
    expect(withContext({ correlation: 'c-1' }, () => identityOnward({}))).toEqual({
      'x-correlation-id': 'c-1',
    })
  })

  it('hands on the trace, and its state only where that is of the same place in it', () => {
    const onward = (headers: Parameters<typeof identityOnward>[0]) =>
      withContext({ trace }, () => identityOnward(headers))

    expect(onward({ traceparent, tracestate: 'a=1' })).toEqual({ traceparent, tracestate: 'a=1' })
    expect(onward({ traceparent: 'other', tracestate: 'a=1' })).toEqual({ traceparent })
    expect(identityOnward({ traceparent, tracestate: 'a=1' })).toEqual({})
  })
})
