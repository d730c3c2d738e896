import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { get, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { breaker } from '@holdfast/policy'
import { reloadFile, runningStatus, steer } from '@holdfast/runtime'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chainFile } from './harness/chain-file.ts'
import { ask, type Fate } from './harness/chat-client.ts'
import {
  freePorts,
  holdfast,
  lives,
  type RunningHoldfast,
  runningHoldfast,
} from './harness/running-holdfast.ts'

const question = 'Why do retries need jitter?'
/** More than a busy machine needs to ask several times. */
const patient = { timeout: 8_000 }

describe('an edge of several processes', () => {
  let ports: readonly number[]
  let running: RunningHoldfast
  let file: string
  beforeAll(async () => {
    ports = await freePorts(4)
    const yaml = chainFile({ ports, openFor: '1m', failures: 20 })
    const several = yaml.replace(/^(gateway: \{.*) \}$/m, '$1, replicas: 2, drain: 10s }')
    running = await runningHoldfast(`${several}\ntelemetry: { sample: 1 }\n`, ports[1]!)
    file = join(running.folder, 'holdfast.yaml')
  }, 20_000)
  afterAll(() => running[Symbol.asyncDispose]())

  const edit = (pattern: RegExp, to: string): void =>
    writeFileSync(file, readFileSync(file, 'utf8').replace(pattern, to))
  const pids = async (): Promise<number[]> => {
    const { edge } = (await running.status()).processes
    return edge.replicas ? edge.replicas.each.map(({ pid }) => pid!) : [edge.pid!]
  }
  /** On a new connection: one that is kept belongs to one process, which may be the one that hangs. */
  const metrics = async (): Promise<string> => {
    const asked = get({ host: '127.0.0.1', port: ports[1]!, path: '/metrics', agent: false })
    const [page] = (await once(asked, 'response')) as [IncomingMessage]
    return text(page)
  }
  /** Requests that each replica has counted, by its number. */
  const counted = async (): Promise<Record<string, number>> => {
    const found = (await metrics()).matchAll(
      /^holdfast_gateway_requests_total\{replica="(\d+)",chain="default"\} (\d+)$/gm,
    )
    return Object.fromEntries([...found].map(([, replica, count]) => [replica!, Number(count)]))
  }
  const total = (counts: Record<string, number>): number =>
    Object.values(counts).reduce((sum, count) => sum + count, 0)
  /** Clients that ask, each on new connections, while `work` goes on; and what became of their requests. */
  const underLoad = async (work: () => Promise<unknown>): Promise<Fate[]> => {
    const fates: Fate[] = []
    let over = false
    const client = async (stream: boolean): Promise<void> => {
      while (!over) fates.push(await ask({ port: ports[0]!, question, stream }))
    }
    const clients = [true, false, true, false].map(client)
    await work().finally(() => (over = true))
    await Promise.all(clients)
    return fates
  }
  const failed = (fates: readonly Fate[]): Fate[] => fates.filter(({ is }) => is !== 'answered')

  it('is answered by each of them, and its numbers add up', async () => {
    let asked = 0
    while (Object.values(await counted()).filter((count) => count > 0).length < 2) {
      const fates = await Promise.all(
        Array.from({ length: 20 }, () => ask({ port: ports[0]!, question, stream: false })),
      )
      expect(failed(fates)).toEqual([])
      asked += fates.length
    }

    await expect.poll(async () => total(await counted()), patient).toBe(asked)
    const { processes, level } = await running.status()
    expect(level).toBe('healthy')
    expect(processes.edge.replicas).toMatchObject({ wanted: 2, ready: 2 })
    // Of a process that is slow to answer they are as it said last.
    for (const ask of [running.status, () => runningStatus(file)])
      await expect
        .poll(async () => (await ask()).chains[0]?.counts, patient)
        .toMatchObject({ requests: asked, answered: { primary: asked } })
    const page = await metrics()
    for (const [replica, pid] of (await pids()).entries()) {
      expect(page).toContain(`holdfast_process_answering{service="edge",pid="${pid}"} 1\n`)
      expect(page).toMatch(
        new RegExp(`^process_cpu_seconds_total\\{replica="${replica + 1}",service="edge"\\}`, 'm'),
      )
    }
    const { out } = await holdfast(['status'], running.folder)
    expect(out).toMatch(/^ {2}edge\.1 +● answers +pid \d+ · \d+ requests? · 0 in flight · \d+ connections?$/m)
    expect(out).toMatch(/^ {2}edge\.2 /m)
  })

  it('finds every trace at its one door, whoever made it', async () => {
    const fates = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const answer = await fetch(`http://127.0.0.1:${ports[0]}/v1/models`, {
          headers: { connection: 'close' },
        })
        await answer.text()
        return answer.headers.get('x-trace-id')!
      }),
    )
    const door = `http://127.0.0.1:${ports[1]}/api/v1/traces`

    const told = async (path: string): Promise<unknown> =>
      (await fetch(`${door}${path}`, { headers: { connection: 'close' } })).json()

    for (const id of fates)
      await expect.poll(() => told(`/${id}`), patient).toMatchObject({ id, name: 'GET /v1/models' })
    const listed = async (): Promise<string[]> => {
      const { traces } = (await told('?limit=20')) as { traces: { id: string }[] }
      return traces.map(({ id }) => id).toSorted()
    }
    await expect.poll(listed, patient).toEqual(fates.toSorted())
  })

  it('has its breakers isolated and reset in all of them', async () => {
    const states = async (): Promise<string[]> => {
      const answer = await fetch(`http://127.0.0.1:${ports[1]}/api/v1/policies`)
      const { processes } = (await answer.json()) as {
        processes: {
          service: string
          kinds: { breaker: ReturnType<ReturnType<typeof breaker>['status']>[] }
        }[]
      }
      return processes.flatMap(({ service, kinds }) =>
        service === 'edge' ? kinds.breaker.filter(({ name }) => name === 'primary').map(({ is }) => is) : [],
      )
    }

    const isolated = await steer(file, 'isolate', { name: 'primary' })
    expect(isolated.map(({ pid }) => pid).toSorted()).toEqual((await pids()).toSorted())
    expect(await states()).toEqual(['isolated', 'isolated'])
    const { components } = await running.status()
    expect(components).toContainEqual(
      expect.objectContaining({ kind: 'upstream', name: 'primary', reason: 'its breaker is isolated' }),
    )
    const fates = await Promise.all(
      Array.from({ length: 20 }, () => ask({ port: ports[0]!, question, stream: true })),
    )
    expect(new Set(fates.map((fate) => fate.is === 'answered' && fate.by))).toEqual(new Set(['secondary']))

    expect(await steer(file, 'reset', { name: 'primary' })).toHaveLength(2)
    expect(await states()).toEqual(['closed', 'closed'])
  })

  it('tells what the others count at once though one of them hangs', async () => {
    const [, second] = await pids()
    process.kill(second!, 'SIGSTOP')
    try {
      // Several, since any of them may come to either process.
      const pages = await Promise.all(Array.from({ length: 4 }, metrics))
      for (const page of pages) {
        expect(page).toMatch(/^holdfast_gateway_requests_total\{replica="1",/m)
        expect(page).not.toMatch(/^holdfast_gateway_requests_total\{replica="2",/m)
        expect(page).toContain(`holdfast_process_answering{service="edge",pid="${second}"} 0\n`)
      }
    } finally {
      process.kill(second!, 'SIGCONT')
    }
    await expect.poll(async () => Object.keys(await counted()), patient).toEqual(['1', '2'])
  })

  it('loses no more than one of them had in hand when that is killed, and nobody is refused', async () => {
    const [first, second] = await pids()
    const fates = await underLoad(async () => {
      process.kill(second!, 'SIGKILL')
      await running.line(/edge \(replica 2\) is ready/, 2)
    })

    // Four clients had no more than four requests in hand.
    expect(failed(fates).length).toBeLessThanOrEqual(4)
    for (const fate of failed(fates)) expect(JSON.stringify(fate)).not.toContain('ECONNREFUSED')
    expect(fates.length).toBeGreaterThan(20)
    const [stays, other] = await pids()
    expect([stays, other === second]).toEqual([first, false])
  })

  it('is replaced one after the other by a reload, without a request that is refused or broken', async () => {
    const before = await pids()
    edit(/answer: The models are away\./, 'answer: All models are away.')

    const fates = await underLoad(() => reloadFile(file))

    expect(failed(fates)).toEqual([])
    const after = await pids()
    expect(after.filter((pid) => before.includes(pid))).toEqual([])
    expect(after).toHaveLength(2)
    const ends = running.lines.filter((line) => /edge \(replica [12]\) ended/.test(line))
    expect(ends.slice(-2).map((line) => /replica (\d)\) ended \((.+)\) after/.exec(line)?.slice(1))).toEqual([
      ['1', 'exit code 0'],
      ['2', 'exit code 0'],
    ])
  })

  it('becomes more and fewer by a reload, and those that stay are not touched', async () => {
    const [first, second] = await pids()
    const become = async (replicas: number): Promise<Fate[]> => {
      edit(/replicas: \d+/, `replicas: ${replicas}`)
      return underLoad(() => reloadFile(file))
    }

    expect(failed(await become(3))).toEqual([])
    const three = await pids()
    expect(three.slice(0, 2)).toEqual([first, second])
    expect(Object.keys(await counted())).toEqual(['1', '2', '3'])

    expect(failed(await become(1))).toEqual([])
    expect(await pids()).toEqual([first])
    expect(three.slice(1).map(lives)).toEqual([false, false])
    await expect.poll(metrics, patient).toMatch(/^holdfast_gateway_requests_total\{chain="default"\} \d+$/m)
    expect((await running.status()).processes).not.toHaveProperty('edges')
  })
})
