import { describe, expect, it } from 'vitest'
import { commandWords } from './command-words.ts'

describe('commandWords', () => {
  it.each([
    ['node ai.ts', ['node', 'ai.ts']],
    ['  node \t ai.ts ', ['node', 'ai.ts']],
    [`say 'a b' "c d"`, ['say', 'a b', 'c d']],
    [`a'b'"c"d`, ['abcd']],
    [`a '' ""`, ['a', '', '']],
    [String.raw`a\ b \" \\`, ['a b', '"', '\\']],
    [String.raw`"say \"hi\" \n \$x"`, [String.raw`say "hi" \n $x`]],
    [String.raw`'it\'`, ['it\\']],
    [`sh -c 'a | b > $c; d*'`, ['sh', '-c', 'a | b > $c; d*']],
    ['grep "a|b?" x=1 größe', ['grep', 'a|b?', 'x=1', 'größe']],
  ])('splits %s', (command, words) => {
    expect(commandWords(command)).toEqual(words)
  })

  it.each([...'|&;<>()$`*?\n'])('refuses %j outside quotes and says what to use', (char) => {
    expect(() => commandWords(`a ${char} b`)).toThrow("[sh, -c, '…']")
  })

  it.each([
    ['a "b', 'never closed'],
    [`a 'b`, 'never closed'],
    ['a \\', 'backslash'],
    ['  ', 'no word'],
  ])('refuses %j', (command, why) => {
    expect(() => commandWords(command)).toThrow(why)
  })
})
