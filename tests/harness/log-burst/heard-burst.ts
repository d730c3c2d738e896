import { once } from 'node:events'
import { join } from 'node:path'
import { seededRandom } from '@holdfast/policy/testing'
import { freePorts, runningHoldfast } from '../running-holdfast.ts'
import { burst } from './burst.ts'

const script = join(import.meta.dirname, 'burster.ts')

/** What became of a burst that a service printed. */
export interface HeardBurst {
  /** Lines that were told as they were printed, one after another. */
  readonly right: number
  /** The first that was not, and what was due instead of it. */
  readonly wrong: { readonly told: string; readonly due: string } | undefined
  /** By how much the governor's process grew at most, in bytes, as far as it was looked at. */
  readonly grown: number
}

/** Has a service under `holdfast up --json` print so many lines, and reads what is told of them, with breaks as the seed will have it. */
export async function heardBurst(seed: number, count: number): Promise<HeardBurst> {
  const [gateway, control, port] = (await freePorts(3)) as [number, number, number]
  await using running = await runningHoldfast(
    `
gateway: { listen: 127.0.0.1:${gateway} }
control: { listen: 127.0.0.1:${control} }
services:
  burster:
    command: [node, "--conditions=@holdfast/source", "${script}"]
    listen: 127.0.0.1:${port}
    ready: http:/
`,
    control,
    ['--json'],
  )
  const stdout = running.child.stdout!
  const random = seededRandom(seed)
  const due = burst(seed, count)
  const memory: Promise<number>[] = []
  let right = 0
  let wrong: HeardBurst['wrong']
  let over = false
  const take = (line: string): void => {
    const { type, service, msg = '' } = JSON.parse(line) as Readonly<Record<string, string | undefined>>
    if (type !== 'service.wrote' || service !== 'burster') return
    const next = due.next()
    if (next.done) over = msg === 'over'
    const expected = next.done ? 'over' : next.value.msg
    if (msg !== expected) wrong ??= { told: msg, due: expected }
    else if (!over) right++
    if (right % Math.ceil(count / 20) === 0) memory.push(governorMemory(control))
  }
  const before = await governorMemory(control)
  await fetch(`http://127.0.0.1:${port}/?seed=${seed}&count=${count}`)
  for (let seen = 0; ; ) {
    for (; seen < running.lines.length; seen++) take(running.lines[seen]!)
    if (over || wrong) break
    await once(stdout, 'data')
    if (random() > 0.1) continue
    stdout.pause()
    for (let turns = random() * 200; turns > 0; turns--) await new Promise(setImmediate)
    stdout.resume()
  }
  return { right, wrong, grown: Math.max(...(await Promise.all(memory))) - before }
}

async function governorMemory(control: number): Promise<number> {
  const page = await (await fetch(`http://127.0.0.1:${control}/metrics`)).text()
  return Number(/^process_resident_memory_bytes\{service="governor"\} (\S+)$/m.exec(page)?.[1])
}
