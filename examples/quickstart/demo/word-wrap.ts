/**
 * Breaks a text that arrives in pieces into lines of at most `width` characters, between words. `push` returns what can be
 * written now: a word is held back until its end is known. `end` returns the last one. Longer words than a line stay whole.
 */
export function wordWrap(width: number) {
  let column = 0
  let word = ''

  function place(): string {
    if (word === '') return ''
    const gap = column === 0 ? '' : column + 1 + word.length > width ? '\n' : ' '
    column = gap === ' ' ? column + 1 + word.length : word.length
    const placed = gap + word
    word = ''
    return placed
  }

  return {
    push(piece: string): string {
      let out = ''
      for (const character of piece) {
        if (character === '\n') {
          out += `${place()}\n`
          column = 0
        } else if (character === ' ') out += place()
        else word += character
      }
      return out
    },
    end(): string {
      const out = place()
      column = 0
      return out
    },
  }
}
