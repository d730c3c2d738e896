import { widthOf } from './paint.ts'

/** The part of a terminal that `Screen` writes to. */
export interface Terminal {
  readonly columns?: number
  readonly rows?: number
  write(text: string): unknown
}

/**
 * A block of lines at the bottom of the terminal that is drawn over in place, while messages scroll by above it.
 *
 * I1  What is on the terminal below the messages is exactly the lines drawn last.
 * I2  The block is never taller than the terminal, so that the cursor can always go back to its beginning.
 */
export class Screen {
  readonly #terminal: Terminal
  #drawn: readonly string[] = []

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  draw(lines: readonly string[]): void {
    const fitting = lines.slice(0, Math.max(1, (this.#terminal.rows || 24) - 1))
    if (fitting.length === this.#drawn.length && fitting.every((line, index) => line === this.#drawn[index]))
      return
    this.#terminal.write(this.#erased() + ended(fitting))
    this.#drawn = fitting
  }

  /** A line that stays, above the block. */
  say(line: string): void {
    this.#terminal.write(this.#erased() + ended([line, ...this.#drawn]))
  }

  /** Takes the block away. */
  clear(): void {
    this.#terminal.write(this.#erased())
    this.#drawn = []
  }

  #erased(): string {
    if (this.#drawn.length === 0) return ''
    // A terminal that became narrower has wrapped what was drawn.
    const columns = this.#terminal.columns || Infinity
    const rows = this.#drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / columns)), 0)
    return `\r\x1b[${rows}A\x1b[J`
  }
}

function ended(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('')
}
