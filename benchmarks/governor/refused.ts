// A service that is killed again and again while somebody calls it, each time over a new connection. See README.md.

import { once } from 'node:events'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { Row } from './report.ts'
import { killOne, nodeSupervisor, type Supervisor, startAll } from './supervisor.ts'

/** With a socket of its own, then with a held one; `kills` in five times as many seconds. */
export async function refusedRows(kills: number): Promise<Row[]> {
  const own = String(await freePort())
  const held = String(await freePort())
  return [
    ...(await called(
      await nodeSupervisor('bare node parent', 'bare-parent', { env: { PORT: own } }),
      Number(own),
      kills,
    )),
    ...(await called(
      await nodeSupervisor('holdfast, held socket', 'holdfast-parent', { args: ['held', held] }),
      Number(held),
      kills,
    )),
  ]
}

async function called(supervisor: Supervisor, port: number, kills: number): Promise<Row[]> {
  const outcomes = new Map<string, number>()
  let worst = 0
  let over = false
  try {
    await startAll(supervisor, 1)
    const calling = (async () => {
      while (!over) {
        const began = performance.now()
        const outcome = await call(port)
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
        if (outcome === 'ok') worst = Math.max(worst, performance.now() - began)
      }
    })()
    for (let kill = 0; kill < kills; kill++) {
      await wait(150)
      await killOne(supervisor)
    }
    await wait(150)
    over = true
    await calling
  } finally {
    await supervisor.end()
  }
  const row = (name: string, value: number, unit: Row['unit'] = 'calls'): Row => ({
    subject: supervisor.name,
    name,
    unit,
    value,
  })
  const { ok = 0, ECONNREFUSED = 0, ...others } = Object.fromEntries(outcomes)
  return [
    row(`${kills} kills: answered`, ok),
    row(`${kills} kills: ECONNREFUSED`, ECONNREFUSED),
    row(
      `${kills} kills: in flight at the kill`,
      Object.values(others).reduce((sum, count) => sum + count, 0),
    ),
    row(`${kills} kills: slowest answer`, worst, 'ms'),
  ]
}

function call(port: number): Promise<string> {
  return new Promise((resolve) => {
    request({ host: '127.0.0.1', port, agent: false }, (response) => {
      response.resume().once('close', () => resolve(response.complete ? 'ok' : 'cut off'))
    })
      .once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
      .end()
  })
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
