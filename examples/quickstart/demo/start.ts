// What `npm start` runs: Holdfast with two model providers, and on a terminal someone who keeps asking them questions.
import { join } from 'node:path'
import { behaviour } from '../behaviour.ts'
import { doors, ready } from './doors.ts'
import { firstAct } from './first-act.ts'
import { orphaned } from './orphaned.ts'
import { page } from './page.ts'
import { running } from './running.ts'
import { stage } from './stage.ts'
import { teller } from './teller.ts'

const onTerminal = process.stdout.isTTY && process.stdin.isTTY
const holdfast = join(import.meta.dirname, '../../../packages/cli/bin/holdfast.cjs')

mendProviders()
const runtime = running([holdfast, 'up', '-f', 'holdfast.yaml'], onTerminal ? 'keep' : 'pass')
const ending = new AbortController()

/** Ends everything in order. */
function end(): void {
  if (ending.signal.aborted) return
  ending.abort()
  runtime.stop()
}

let lastAsked = Number.NEGATIVE_INFINITY
/** Ends everything in order when asked for the first time, at once when asked again. Two in half a second are one Ctrl-C, which npm passes on. */
function stop(): void {
  const now = performance.now()
  if (now - lastAsked < 500) return
  lastAsked = now
  if (ending.signal.aborted) runtime.stop()
  else end()
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
for (const stream of [process.stdout, process.stderr]) stream.on('error', end) // whoever read it is gone
orphaned(end)

const up = await Promise.race([ready(runtime.pid, ending.signal), runtime.exited.then(() => false)])
if (up && onTerminal) await Promise.race([stage(ending.signal, stop), runtime.exited])
if (up && !onTerminal) {
  await Promise.race([show(), runtime.exited])
  introduce()
}
const code = await runtime.exited
mendProviders()
if (onTerminal && !(up && ending.signal.aborted)) process.stderr.write(runtime.lastWords())
process.exit(code)

/** Both providers behave well when a demonstration begins, and after it. */
function mendProviders(): void {
  for (const port of Object.values(doors.providers)) behaviour(port).become('ok')
}

/** The first act, without what Holdfast logs between its words. */
async function show(): Promise<void> {
  const log = runtime.hush()
  const paper = page(process.stdout)
  paper.line('')
  await firstAct(paper, teller(paper, ending.signal)).catch((error: unknown) => {
    if (!ending.signal.aborted) throw error
  })
  paper.line('')
  log()
}

/** What there is to try, for whoever runs this without a terminal. */
function introduce(): void {
  console.log(`
gateway  ${doors.gateway}/v1  (point any OpenAI client here)
control  ${doors.control}

Ask, ask for a stream, then break the provider that answered and ask again:

  curl -s localhost:4700/v1/chat/completions -d '{"model":"default","messages":[{"role":"user","content":"What is a circuit breaker?"}]}'
  curl -sN localhost:4700/v1/chat/completions -d '{"model":"default","stream":true,"messages":[{"role":"user","content":"Why do retries need jitter?"}]}'
  curl -s -X POST localhost:4711/behave -d '{"mode":"fail"}'
`)
}
