import { describe, expect, it } from 'vitest'
import { changes } from './changes.ts'
import { type ServiceSpec, service } from './service.ts'

const some = (but: Partial<ServiceSpec> = {}) => service({ name: 'a', command: ['a'], ...but })
const replaced = (before: Partial<ServiceSpec>, after: Partial<ServiceSpec>) =>
  changes([some(before)], [some(after)]).replaced

describe('changes', () => {
  it('tells what is new, gone, different and the same', () => {
    const before = ['a', 'b', 'c'].map((name) => some({ name }))
    const after = [some({ name: 'd' }), some({ name: 'c' }), some({ name: 'b', cwd: '/' })]

    expect(changes(before, after)).toEqual({ added: ['d'], removed: ['a'], replaced: ['b'], kept: ['c'] })
  })

  it('takes for the same what means the same', () => {
    expect(replaced({}, { restart: 'always', backoff: { factor: 2 } })).toEqual([])
    expect(replaced({ env: { A: '1', B: '2' } }, { env: { B: '2', A: '1' } })).toEqual([])
    expect(replaced({ ready: { line: /up/ } }, { ready: { line: /up/ } })).toEqual([])
  })

  it('sees what is different, deep inside as well', () => {
    expect(replaced({ env: { A: '1' } }, { env: { A: '2' } })).toEqual(['a'])
    expect(replaced({ ready: { line: /up/ } }, { ready: { line: /up/i } })).toEqual(['a'])
    expect(replaced({ backoff: { max: 1 } }, { backoff: { max: 2 } })).toEqual(['a'])
    expect(replaced({ ready: async () => {} }, { ready: async () => {} })).toEqual(['a'])
  })
})
