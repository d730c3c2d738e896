import { describe, expect, it } from 'vitest'

describe('the Node these tests run on', () => {
  it('is the one asked for, or the pinned one', () => {
    const asked = process.env['HOLDFAST_TEST_NODE'] ?? '24'

    expect(process.versions.node.split('.')[0]).toBe(asked)
  })
})
