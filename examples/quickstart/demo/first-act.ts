import { known } from '../answers.ts'
import { kill } from './kill.ts'
import type { Page } from './page.ts'
import type { Teller } from './teller.ts'

/** In the middle of its second sentence. */
const wordsBefore = 18

/** Asks one question, and kills whoever answers it, with -9, in the middle of a sentence. */
export async function firstAct(page: Page, { tell, answered }: Teller): Promise<void> {
  let killed = false
  page.line('A question, and in the middle of the answer the process that gives it is killed with -9.')
  await tell(known[0]!.question, async (words) => {
    if (killed || words < wordsBefore) return
    killed = true
    await kill(page, answered())
  })
}
