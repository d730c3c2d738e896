// A handler for tests: does what `data.does` says. Plain JavaScript starts faster.
import { BroadcastChannel } from 'node:worker_threads'

/** @type {import('../thread/handler.ts').HandlerRun<{ does: string, channel?: string }>} */
export const run = ({ data, signal }) => {
  const { does, channel = 'nobody' } = data
  if (does === 'done') return
  if (does === 'broken') throw new Error('broken')
  const stay = setInterval(() => {}, 1_000_000)
  if (does === 'silent') return new Promise(() => {})
  if (does === 'stubborn') return console.log('up')
  // What the governor's side calls out makes it behave.
  const ear = new BroadcastChannel(channel)
  ear.onmessage = ({ data: call }) => {
    if (call === 'throw') throw new TypeError('thrown')
    if (call === 'reject') Promise.reject(new Error('rejected'))
    if (call === 'exit') process.exit(3)
    if (call === 'hang') for (;;);
    if (call === 'grow') for (const all = []; ; ) all.push(new Array(100_000).fill(Math.random()))
    if (call === 'print') console.log('printed')
  }
  console.log('up')
  signal.addEventListener('abort', () => {
    console.log('bye')
    clearInterval(stay)
    ear.close()
  })
}
