import { describe, expect, it } from 'vitest'
import { envFile } from './env-file.ts'

describe('envFile', () => {
  it('reads names, quotes, several lines and comments', () => {
    const text = `# first\nA=1\nexport B = two words # not this\r\nC="x#y"\nD='a\n  b=c\nd'\n\nE=`

    expect(envFile(text)).toEqual({
      is: 'read',
      variables: { A: '1', B: 'two words', C: 'x#y', D: 'a\n  b=c\nd', E: '' },
    })
  })

  it('reads over the mark with which some editors begin a file', () => {
    expect(envFile('\uFEFFA=1\r\nB=2')).toEqual({ is: 'read', variables: { A: '1', B: '2' } })
  })

  it.each([
    ['A=1\nB=\0', 2, 'it holds a zero byte, as text that is not UTF-8 does'],
    ['A=1\n\nnonsense', 3, 'it is not NAME=value'],
    ['A=1\n2B=3', 2, 'it is not NAME=value'],
    ['A="1\nB=2', 1, 'the quote " is not closed'],
    ["A=1\nB='x\ny'\nC", 4, 'it is not NAME=value'],
  ])('says which line of %j is flawed', (text, line, why) => {
    expect(envFile(text)).toEqual({ is: 'flawed', line, why })
  })
})
