import { describe, expect, it } from 'vitest'
import { Screen, type Terminal } from './screen.ts'

/** A terminal that does what one does with text, line ends, and the few controls that a `Screen` may use. */
function fakeTerminal(columns = 20, rows = 10) {
  let cells = ['']
  let row = 0
  let width = columns
  const writes: string[] = []
  return {
    get columns() {
      return width
    },
    rows,
    writes,
    write(text: string): void {
      writes.push(text)
      for (const [part, up] of text.matchAll(/\x1b\[(\d+)A|\x1b\[J|\r|\n|[^\x1b\r\n]+/g)) {
        if (up !== undefined) row = Math.max(0, row - Number(up))
        else if (part === '\x1b[J') cells = [...cells.slice(0, row), '']
        else if (part === '\n') cells[++row] ??= ''
        else if (part !== '\r') {
          const wrapped = part.match(new RegExp(`.{1,${width}}`, 'g')) ?? []
          cells.splice(row, 1, ...wrapped)
          row += wrapped.length - 1
        }
      }
    },
    /** What it shows, without the empty line the cursor is on. */
    shown: (): string[] => cells.slice(0, row),
    /** Wraps anew what is too long for it now, as terminals do. */
    narrow(to: number): void {
      cells = cells.flatMap((line) => line.match(new RegExp(`.{1,${to}}`, 'g')) ?? [''])
      row = cells.length - 1
      width = to
    },
  } satisfies Terminal & Record<string, unknown>
}

describe('Screen', () => {
  it('draws over what it drew before, taller or shorter (I1)', () => {
    const terminal = fakeTerminal()
    const screen = new Screen(terminal)

    screen.draw(['one', 'two'])
    screen.draw(['three', 'four', 'five'])
    expect(terminal.shown()).toEqual(['three', 'four', 'five'])

    screen.draw(['six'])
    expect(terminal.shown()).toEqual(['six'])
  })

  it('keeps messages above the block, in their order (I1)', () => {
    const terminal = fakeTerminal()
    const screen = new Screen(terminal)

    screen.say('before')
    screen.draw(['block', 'block'])
    screen.say('first')
    screen.say('second')
    screen.draw(['changed', 'block'])

    expect(terminal.shown()).toEqual(['before', 'first', 'second', 'changed', 'block'])
  })

  it('is not thrown off by a message that wraps (I1)', () => {
    const terminal = fakeTerminal(5)
    const screen = new Screen(terminal)

    screen.draw(['block'])
    screen.say('a long message')
    screen.draw(['other'])

    expect(terminal.shown().slice(-2)).toEqual(['sage', 'other'])
  })

  it('takes away all of a block that wrapped when the terminal became narrower (I1)', () => {
    const terminal = fakeTerminal(20)
    const screen = new Screen(terminal)

    screen.say('message')
    screen.draw(['a line of 18 wide', 'short'])
    terminal.narrow(10)
    screen.draw(['new'])

    expect(terminal.shown()).toEqual(['message', 'new'])
  })

  it('is never taller than the terminal (I2)', () => {
    const terminal = fakeTerminal(20, 4)
    const screen = new Screen(terminal)

    screen.draw(['1', '2', '3', '4', '5', '6'])

    expect(terminal.shown()).toEqual(['1', '2', '3'])
  })

  it('writes nothing when nothing has changed', () => {
    const terminal = fakeTerminal()
    const screen = new Screen(terminal)

    screen.draw(['same'])
    screen.draw(['same'])

    expect(terminal.writes).toHaveLength(1)
  })

  it('leaves the messages and takes the block away in the end', () => {
    const terminal = fakeTerminal()
    const screen = new Screen(terminal)

    screen.draw(['block'])
    screen.say('message')
    screen.clear()
    screen.say('last')

    expect(terminal.shown()).toEqual(['message', 'last'])
  })
})
