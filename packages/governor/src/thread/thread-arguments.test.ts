import { describe, expect, it } from 'vitest'
import { threadArguments } from './thread-arguments.ts'

describe('threadArguments', () => {
  it('leaves out a program that was given as text', () => {
    const told = ['--conditions=a', '--input-type=module-typescript', '--eval', 'await 1', '--no-warnings']

    expect(threadArguments(told)).toEqual(['--conditions=a', '--no-warnings'])
    expect(threadArguments(['-e', '1', '-r', './a.cjs'])).toEqual(['-r', './a.cjs'])
  })

  it('says nothing when there is none, since a thread may not be told all that a process may be', () => {
    expect(threadArguments(['--max-old-space-size=100', '--conditions=a'])).toBeUndefined()
  })
})
