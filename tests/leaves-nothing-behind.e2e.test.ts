import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, it } from 'vitest'
import { chainFile } from './harness/chain-file.ts'
import { freePorts, lives, runningHoldfast } from './harness/running-holdfast.ts'

/** A service that ignores SIGTERM, with a child of its own that does too; it prints both process ids. */
const stubborn = `
  stubborn:
    command:
      - node
      - -e
      - |
        process.on('SIGTERM', () => {})
        const child = require('child_process').spawn(process.execPath, ['-e', "process.on('SIGTERM', () => {}); setInterval(() => {}, 1e6)"])
        setInterval(() => {}, 1e6)
        console.log('stubborn pids ' + process.pid + ' ' + child.pid)
    stopGrace: 200ms
    needs: [primary]
`

it.each(['SIGINT', 'SIGTERM'] as const)(
  '%s ends holdfast up with 0, and leaves no process and no open port',
  async (signal) => {
    const ports = await freePorts(4)
    await using holdfast = await runningHoldfast(
      chainFile({ ports, openFor: '1s', failures: 3 }) + stubborn.slice(1),
      ports[1]!,
    )
    const own = await holdfast.line(/stubborn pids/)
    const { services, processes } = await holdfast.status()
    const pids = /pids (\d+) (\d+)/.exec(own)!.slice(1).map(Number)
    const all = [
      ...pids,
      processes.edge.pid!,
      processes.governor.pid,
      ...services.flatMap(({ pid }) => pid ?? []),
    ]
    expect(all.filter(lives)).toEqual(all)

    expect(await holdfast.end(signal)).toBe(0)

    expect(all.filter(lives)).toEqual([])
    for (const port of ports) {
      const server = createServer().listen(port, '127.0.0.1')
      await once(server, 'listening')
      server.close()
    }
    const stops = holdfast.lines.flatMap((line) => / holdfast (\w+) has stopped$/.exec(line)?.[1] ?? [])
    expect(stops[0]).toBe('edge')
    expect(stops.indexOf('stubborn')).toBeLessThan(stops.indexOf('primary'))
  },
  30_000,
)
