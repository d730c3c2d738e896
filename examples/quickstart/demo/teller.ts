import { type Answering, caption, joint, takeover } from './answering.ts'
import { ask } from './ask.ts'
import { doors } from './doors.ts'
import type { Page } from './page.ts'

/** Asks questions, writes down what comes, and knows who answered last. */
export function teller(page: Page, signal: AbortSignal) {
  let answered: string | undefined

  /** A link answers for the first time in this answer. */
  function introduce(by: Answering, after: number): void {
    const change = takeover(answered, by, after)
    if (change) page.line(`↳ ${change}`, 'yellow')
    answered = by.link
  }

  return {
    /** The link that spoke last. */
    answered: () => answered,
    /** Asks one question. `heard` is told after each piece how many words there are so far; the next piece waits for it. */
    async tell(question: string, heard?: (words: number) => Promise<void>): Promise<void> {
      page.line('')
      page.line(question, 'bold')
      const before: string[] = []
      let by: Answering | undefined
      let first = 0
      let said = ''
      for await (const part of ask(question, `${doors.gateway}/v1`, signal)) {
        if (part.is === 'answering') {
          by = part.by
          first = part.after
          introduce(by, first)
        } else if (part.is === 'text') {
          said += part.text
          page.text(part.text)
          await heard?.(said.split(' ').length)
        } else if (part.is === 'taken up') {
          if (by && by.link !== part.by.link) before.push(by.link)
          by = part.by
          answered = by.link
          page.line(joint(by, said, page.width()), ['bold', 'yellow'])
        } else if (part.is === 'done') {
          if (by) page.line(`— ${caption({ by, after: first, before })}`, 'dim')
        } else if (part.is === 'broken') page.line(`✗ this answer broke in the middle: ${part.why}`, 'red')
        else if (part.is === 'refused') page.line(`✗ no answer, ${part.status}: ${part.why}`, 'red')
        else page.line(`✗ the gateway cannot be reached: ${part.why}`, 'red')
      }
    },
  }
}

/** Somebody who asks. */
export type Teller = ReturnType<typeof teller>
