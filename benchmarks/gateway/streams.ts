import { setTimeout as wait } from 'node:timers/promises'
import { Pool } from 'undici'
import { quantile } from '../traffic/quantile.ts'
import type { Aside } from '../traffic/upstream.ts'

/** How many streams at once, how many frames each, and how often one comes, in ms. */
export type StreamsPlan = { streams: number; frames: number; every: number }

/** Who is asked, and what it wants to be asked with. */
type Asked = { name: string; origin: string; headers: Readonly<Record<string, string>> }

/** How late frames came, in ms from when the provider wrote them; and streams that did not come whole. */
export type Streams = { target: string; p50: number; p99: number; worst: number; broken: number }

const question = { role: 'user', content: 'Speak at a steady pace.' }

/** The fake provider's model that speaks at a steady pace: each frame says when it was written. */
export function speaks({ frames, every }: StreamsPlan): Aside {
  return (asked, response) => {
    if (!asked.includes(question.content)) return false
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
    let said = 0
    const beat = setInterval(() => {
      const last = ++said === frames
      const choice = { index: 0, delta: { content: `${performance.now()} ` }, finish_reason: null }
      const choices = [last ? { ...choice, finish_reason: 'stop' } : choice]
      response.write(`data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', choices })}\n\n`)
      if (!last) return
      clearInterval(beat)
      response.end('data: [DONE]\n\n')
    }, every)
    response.once('close', () => clearInterval(beat))
    return true
  }
}

/** Opens the streams over the time between two frames, so that they do not speak in chorus, and reads them all to their end. */
export async function streams({ name, origin, headers }: Asked, plan: StreamsPlan): Promise<Streams> {
  const pool = new Pool(origin, { connections: plan.streams })
  const late: number[] = []
  let broken = 0
  const one = async (nth: number): Promise<void> => {
    await wait((nth / plan.streams) * plan.every)
    const { body } = await pool.request({
      path: '/v1/chat/completions',
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ model: 'default', stream: true, messages: [question] }),
    })
    let left = ''
    let seen = 0
    let done = false
    for await (const piece of body) {
      const now = performance.now()
      left += (piece as Buffer).toString()
      const cut = left.lastIndexOf('\n\n') + 1
      for (const [, written] of left.slice(0, cut).matchAll(/"content":"([\d.]+) "/g)) {
        seen++
        late.push(now - Number(written))
      }
      done ||= left.includes('[DONE]')
      left = left.slice(cut)
    }
    if (seen !== plan.frames || !done) throw new Error('a stream that is not whole')
  }
  const all = Array.from({ length: plan.streams }, (_, nth) => one(nth).catch(() => broken++))
  await Promise.all(all)
  await pool.destroy()
  return {
    target: name,
    p50: quantile(late, 0.5),
    p99: quantile(late, 0.99),
    worst: quantile(late, 1),
    broken,
  }
}
