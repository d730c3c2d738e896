import { setTimeout as wait } from 'node:timers/promises'
import { known } from '../answers.ts'
import { type Answering, caption, continuation, takeover } from './answering.ts'
import { ask } from './ask.ts'
import { doors } from './doors.ts'
import { keys, legend } from './keys.ts'
import { page } from './page.ts'

/** Asks the gateway one question after another on the terminal, while keys break and mend the providers. Ends with the signal; `stop` is what `q` and Ctrl-C call. */
export async function stage(signal: AbortSignal, stop: () => void): Promise<void> {
  const paper = page(process.stdout)
  let answered: string | undefined
  const press = keys(paper, () => answered)

  paper.line('Holdfast runs two model providers behind one gateway, and a client keeps asking.')
  paper.line('Break the provider that answers, and watch: the answers go on.')
  paper.line(legend, 'bold')
  const release = listen((key) => {
    if (key === 'q' || key === '\x03' || key === '\x04') return stop() // Ctrl-C, Ctrl-D
    press(key).catch((error: Error) => paper.line(error.message, 'red'))
  })
  try {
    for (let turn = 0; ; turn++) {
      await tell(known[turn % known.length]!.question)
      await wait(1_500, undefined, { signal })
    }
  } catch (error) {
    if (!signal.aborted) throw error
    paper.line('stopping …', 'dim')
  } finally {
    release()
  }

  /** Asks one question, and writes down what comes. */
  async function tell(question: string): Promise<void> {
    paper.line('')
    paper.line(question, 'bold')
    let below = ''
    for await (const part of ask(question, `${doors.gateway}/v1`, signal)) {
      if (part.is === 'answering') below = `— ${caption(part.by, part.after)}`
      if (part.is === 'answering') introduce(part.by, part.after)
      else if (part.is === 'text') paper.text(part.text)
      else if (part.is === 'taken up') goOn(part.by, part.after)
      else if (part.is === 'done') paper.line(below, 'dim')
      else if (part.is === 'broken') paper.line(`✗ this answer broke in the middle: ${part.why}`, 'red')
      else if (part.is === 'refused') paper.line(`✗ no answer, ${part.status}: ${part.why}`, 'red')
      else paper.line(`✗ the gateway cannot be reached: ${part.why}`, 'red')
    }
  }

  function goOn(by: Answering, after: number): void {
    paper.line(`↳ ${continuation(by, after)}`, 'yellow')
    answered = by.link
  }

  function introduce(by: Answering, after: number): void {
    const change = takeover(answered, by, after)
    if (change) paper.line(`↳ ${change}`, 'yellow')
    answered = by.link
  }
}

/** Hears single keys from the terminal, Ctrl-C included, until released, or until the process ends in whatever way. */
function listen(heard: (key: string) => void): () => void {
  const { stdin } = process
  const restore = () => {
    try {
      stdin.setRawMode(false)
    } catch {
      // the terminal itself is gone
    }
  }
  stdin.setRawMode(true)
  process.once('exit', restore)
  stdin.setEncoding('utf8').on('data', (text: string) => [...text].forEach(heard))
  return restore
}
