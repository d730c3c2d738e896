import { describe, expect, it } from 'vitest'
import { edgeSpec } from './edge-spec.ts'

const setting = {
  listen: [],
  governor: '/run/control.sock',
  state: '/run',
  cwd: '/srv',
  environment: {},
  served: 1,
}

describe('edgeSpec', () => {
  it('is one process, or as many as the file says', () => {
    expect(edgeSpec({ ...setting, gateway: {} }).replicas).toBe(1)
    expect(edgeSpec({ ...setting, gateway: { replicas: 3 } }).replicas).toBe(3)
  })

  it('is given longer to end than it gives its requests', () => {
    expect(edgeSpec({ ...setting, gateway: {} }).stopGrace).toBe(4_000)
    expect(edgeSpec({ ...setting, gateway: { drain: 60_000 } }).stopGrace).toBe(61_000)
  })
})
