import { setTimeout as wait } from 'node:timers/promises'
import { known } from '../answers.ts'
import { firstAct } from './first-act.ts'
import { keys, legend } from './keys.ts'
import { page } from './page.ts'
import { teller } from './teller.ts'

/** Asks the gateway one question after another on the terminal, while keys break and mend the providers. Ends with the signal; `stop` is what `q` and Ctrl-C call. */
export async function stage(signal: AbortSignal, stop: () => void): Promise<void> {
  const paper = page(process.stdout)
  const asker = teller(paper, signal)
  const press = keys(paper, asker.answered)

  paper.line('Holdfast runs two model providers behind one gateway, and a client keeps asking.')
  const release = listen((key) => {
    if (key === 'q' || key === '\x03' || key === '\x04') return stop() // Ctrl-C, Ctrl-D
    press(key).catch((error: Error) => paper.line(error.message, 'red'))
  })
  try {
    await firstAct(paper, asker)
    paper.line('')
    paper.line('Now you: break the provider that answers, and watch: the answers go on.')
    paper.line(legend, 'bold')
    for (let turn = 1; ; turn++) {
      await wait(1_500, undefined, { signal })
      await asker.tell(known[turn % known.length]!.question)
    }
  } catch (error) {
    if (!signal.aborted) throw error
    paper.line('stopping …', 'dim')
  } finally {
    release()
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
