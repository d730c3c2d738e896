import { describe, expect, it } from 'vitest'
import { type Blame, ProviderFailure } from './provider-failure.ts'
import { Succession } from './succession.ts'

const failure = (blame: Blame): ProviderFailure =>
  new ProviderFailure({ class: 'permanent', message: blame, blame })
const one = { name: 'one', context: 8_000 }

describe('Succession', () => {
  it.each<[string, unknown, boolean, string | undefined]>([
    ['anybody after a provider that failed', failure('link'), true, undefined],
    ['anybody after a model that is not there', failure('model'), true, undefined],
    ['anybody after what nobody knows', new Error('?'), true, undefined],
    ['nobody where the request is at fault', failure('request'), false, 'one'],
    ['others where it is too long, whose words are kept', failure('size'), true, 'one'],
    ['others where there are no words for it, which are kept', failure('wire'), true, 'one'],
  ])('lets %s take over', (_, error, others, refused) => {
    const succession = new Succession()

    expect(succession.failed(one, error)).toBe(others)
    expect(succession.refused?.link).toBe(refused)
  })

  it('passes over who takes no more than one that the request was too long for', () => {
    const succession = new Succession()
    expect(succession.unable(4_000)).toBeUndefined()
    succession.failed(one, failure('size'))

    expect([4_000, 8_000, 8_001, undefined].map((context) => succession.unable(context))).toEqual([
      'takes no more than 4000 tokens',
      'takes no more than 8000 tokens',
      undefined,
      undefined,
    ])
  })

  it('says what models cannot do only where no other is away', () => {
    const unable = new ProviderFailure({ class: 'permanent', message: 'x', code: 'UNABLE', blame: 'wire' })
    const succession = new Succession()
    expect(succession.failed(one, unable)).toBe(true)
    expect(succession.refused?.link).toBe('one')
    succession.failed({ name: 'two', context: undefined }, failure('link'))
    expect(succession.refused).toBeUndefined()
    succession.failed({ name: 'three', context: undefined }, failure('size'))

    expect(succession.refused?.link).toBe('three')
  })

  it('keeps the first words about a request, unless somebody says later that it is at fault', () => {
    const succession = new Succession()
    succession.failed(one, failure('size'))
    succession.failed({ name: 'two', context: undefined }, failure('wire'))
    expect(succession.refused?.link).toBe('one')
    succession.failed({ name: 'three', context: undefined }, failure('request'))

    expect(succession.refused?.link).toBe('three')
  })
})
