import { styleText } from 'node:util'
import { wordWrap } from './word-wrap.ts'

/** What the page is written on: a terminal, or whatever looks like one. */
export type Paper = { readonly columns?: number; write(text: string): unknown }

/** A page on a terminal: text that arrives in pieces and is wrapped, and whole lines, which may come in the middle of a text. */
export function page(paper: Paper) {
  let wrap: ReturnType<typeof wordWrap> | undefined // of the text we are in the middle of

  const width = (): number => Math.min(paper.columns || 80, 100) - 1

  function end(): void {
    if (wrap) paper.write(`${wrap.end()}\n`)
    wrap = undefined
  }

  return {
    /** How many characters a line of text has at most. */
    width,
    /** A piece of a running text. */
    text(piece: string): void {
      wrap ??= wordWrap(width())
      paper.write(wrap.push(piece))
    },
    /** A line of its own, or several where it is too long for one, coloured where colours are allowed. */
    line(text: string, color?: Parameters<typeof styleText>[0]): void {
      end()
      const wrapped = wordWrap(width())
      const lines = wrapped.push(text) + wrapped.end()
      paper.write(`${color ? styleText(color, lines) : lines}\n`)
    },
    /** The running text is over. */
    end,
  }
}

/** A page to write on. */
export type Page = ReturnType<typeof page>
