// Ours: takes `start N`, `stop` and `end` on its standard input. `held` gives the service a held socket on the port that follows, `spare` a spare.
import { createInterface } from 'node:readline'
import {
  claimState,
  type Governor,
  holdListener,
  leanProcess,
  processGovernor,
  type ServiceSpec,
} from '@holdfast/governor'

const [program = '', folder = '', kind = '', port = '0'] = process.argv.slice(2)
// As `holdfast up` does.
leanProcess()
const state = await claimState(folder)
const held = kind === 'held' ? [await holdListener({ host: '127.0.0.1', port: Number(port) })] : []
let running: Governor | undefined

const spec = (n: number): ServiceSpec => ({
  name: `s${n}`,
  command: [process.execPath, program],
  // Every run counts as a stable one, so that a restart never waits.
  stableAfter: 0,
  listen: held,
  ...(kind === 'spare' && { spare: 1, ready: { line: 'listening' } }),
})

createInterface({ input: process.stdin }).on('line', async (line) => {
  const [word, count] = line.split(' ')
  if (word === 'start') {
    running = processGovernor({ services: Array.from({ length: Number(count) }, (_, n) => spec(n)), state })
    await running.start()
  } else if (word === 'stop') await running?.stop()
  else {
    await running?.stop()
    state.release()
    process.exit()
  }
  console.log(word)
})
