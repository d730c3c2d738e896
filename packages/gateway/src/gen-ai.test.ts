import { describe, expect, it } from 'vitest'
import { operationOf } from './gen-ai.ts'

describe('operationOf', () => {
  it('has the name that the conventions have for a call, and one of its own where they have none', () => {
    expect(
      [undefined, 'responses', 'embeddings', 'count_tokens'].map((each) => operationOf(each as never)),
    ).toEqual(['chat', 'chat', 'embeddings', 'count_tokens'])
  })
})
