// The floor: a Node process that starts children again at once, and nothing else. Takes `start N`, `stop` and `end` on its standard input.
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

const [program = ''] = process.argv.slice(2)
const children = new Set<ChildProcess>()
let stopping = false
let over = (): void => {}

function begin(): void {
  const child = spawn(process.execPath, [program], { stdio: 'ignore' })
  children.add(child)
  child.once('exit', () => {
    children.delete(child)
    if (!stopping) begin()
    else if (children.size === 0) over()
  })
}

createInterface({ input: process.stdin }).on('line', async (line) => {
  const [word, count] = line.split(' ')
  if (word === 'start') {
    stopping = false
    for (let n = 0; n < Number(count); n++) begin()
  } else if (word === 'stop') {
    stopping = true
    const stopped = new Promise<void>((resolve) => {
      over = resolve
    })
    for (const child of children) child.kill()
    await stopped
  } else {
    for (const child of children) child.kill('SIGKILL')
    process.exit()
  }
  console.log(word)
})
