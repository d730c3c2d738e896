import { join } from 'node:path'
import { up } from '@holdfast/runtime'
import { expect, it } from 'vitest'
import { freePorts, holdfast, lives, runningHoldfast } from './harness/running-holdfast.ts'

const yaml = ([gateway, control, service]: readonly number[]): string => `
gateway: { listen: 127.0.0.1:${gateway} }
control: { listen: 127.0.0.1:${control} }
services:
  web:
    command: [node, -e, "require('http').createServer((_, response) => response.end()).listen(process.env.PORT)"]
    listen: 127.0.0.1:${service}
    ready: http:/
`

it('refuses a second holdfast up, takes its services along when it is killed with -9, and then starts again', async () => {
  const ports = await freePorts(3)
  await using killed = await runningHoldfast(yaml(ports), ports[1]!)
  const { services, processes } = await killed.status()
  const web = services[0]!.pid!

  const { code, out, err } = await holdfast(['up'], killed.folder)
  expect({ code, out }).toEqual({ code: 1, out: '' })
  expect(err).toMatch(/^a governor already runs in .* \(pid \d+\); stop it first\n$/)

  expect(await killed.end('SIGKILL')).toBeNull()
  await expect.poll(() => lives(web), { timeout: 8_000 }).toBe(false)
  await using next = await up({ file: join(killed.folder, 'holdfast.yaml'), environment: process.env })
  const { ready, failed } = await next.started

  expect({ ready, failed }).toEqual({ ready: ['web', 'edge'], failed: [] })
  expect([web, processes.edge.pid!].filter(lives)).toEqual([])
}, 20_000)
