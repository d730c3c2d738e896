import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addressFree, controlPath, type GovernorEvent, holdListener } from '@holdfast/governor'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { runningStatus } from './running.ts'
import { steerService } from './running-services.ts'
import { logFolder, stateFolder } from './state-folder.ts'
import { type Up, type UpOptions, up } from './up.ts'

const host = '127.0.0.1'
const environment = {}

async function freePort(): Promise<number> {
  const held = await holdListener({ host, port: 0 })
  held.close()
  return held.port
}

/** A new folder with a holdfast.yaml in it. */
function fileWith(text: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'holdfast-up-')), 'holdfast.yaml')
  writeFileSync(file, text)
  return file
}

const listeners = (gateway: number, control: number): string => `
gateway: { listen: ${host}:${gateway} }
control: { listen: ${host}:${control} }
`

/** What `up` tells, past and future. */
function witness(): {
  readonly on: NonNullable<UpOptions['on']>
  saw(event: Partial<GovernorEvent>, count?: number): Promise<void>
} {
  const events: GovernorEvent[] = []
  const looks = new Set<() => void>()
  return {
    on(event) {
      events.push(event)
      for (const look of looks) look()
    },
    saw: (wanted, count = 1) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = events.filter((event) =>
            Object.entries(wanted).every(([key, value]) => Reflect.get(event, key) === value),
          )
          if (found.length >= count) resolve()
        }
        looks.add(look)
        look()
      }),
  }
}

describe('up', () => {
  describe('of a file with a service that is ready and one that never is', () => {
    const { on, saw } = witness()
    const lines: string[] = []
    let file: string
    let ports: readonly [number, number, number]
    let running: Up
    const health = async (): Promise<number> =>
      (await fetch(`http://${host}:${ports[1]}/api/v1/health`)).status

    beforeAll(async () => {
      ports = [await freePort(), await freePort(), await freePort()]
      file = fileWith(`${listeners(ports[0], ports[1])}
upstreams: { away: { url: "http://127.0.0.1:9", key: sk-secret } }
rules: [{ match: ., answer: later }]
chains: { default: [away, rules] }
services:
  well:
    command: [node, -e, "require('http').createServer().listen(process.env.PORT, () => console.log('well is on'))"]
    listen: ${host}:${ports[2]}
    ready: line:well is on
  never: { command: [node, -e, "setInterval(() => {}, 1e6)"], ready: line:never, startTimeout: 200ms, backoff: { initial: 1h, max: 1h } }
`)
      mkdirSync(logFolder(file), { recursive: true })
      symlinkSync('/dev/full', join(logFolder(file), 'well.log'))
      running = await up({
        file,
        environment,
        on,
        log: ({ service, msg }) => lines.push(`${service} ${msg}`),
      })
    })
    afterAll(async () => {
      await running.stop()
      rmSync(join(file, '..'), { recursive: true })
    })

    it('comes up all the same, and says who is not ready and why', async () => {
      const { ready, failed } = await running.started

      expect(ready).toEqual(['well', 'edge'])
      expect(failed).toEqual([{ service: 'never', why: expect.stringContaining('200 ms') }])
      expect(await health()).toBe(200)
      expect(lines).toContain('well well is on')
    })

    it('tells that what a service writes cannot be kept, and goes on', async () => {
      await running.started
      await saw({ type: 'log.failed', service: 'well' })

      expect(running.status().services[0]).toMatchObject({ name: 'well', state: { is: 'ready' } })
    })

    it('tells the same status by itself, on its socket and over HTTP', async () => {
      await running.started
      await health()

      const own = running.status()
      const asked = await runningStatus(file)
      const fetched = await (await fetch(`http://${host}:${ports[1]}/api/v1/status`)).json()

      expect(own).toMatchObject({ level: 'degraded', file, chains: [{ name: 'default' }] })
      expect(own.services.map(({ name, state }) => `${name} ${state.is}`)).toEqual([
        'well ready',
        'never backing-off',
      ])
      for (const other of [asked, fetched])
        expect(other).toMatchObject({ level: 'degraded', file, components: own.components })
    })

    it('tells no key, whoever asks and however it goes wrong', async () => {
      await running.started
      const body = JSON.stringify({ model: 'default', messages: [{ role: 'user', content: 'hi' }] })

      const answer = await fetch(`http://${host}:${ports[0]}/v1/chat/completions`, { method: 'POST', body })
      const told = await Promise.all(
        ['status', 'health', 'openapi.json'].map((path) =>
          fetch(`http://${host}:${ports[1]}/api/v1/${path}`),
        ),
      )
      const texts = await Promise.all([answer, ...told].map((response) => response.text()))

      expect(texts[0]).toContain('later')
      expect(JSON.stringify([texts, running.status(), lines])).not.toContain('secret')
    })

    it('refuses to run the file a second time', async () => {
      await expect(up({ file, environment })).rejects.toMatchObject({
        code: 'ALREADY_RUNNING',
        message: expect.stringContaining(`(pid ${process.pid})`),
      })
      expect(await health()).toBe(200)
    })

    it('is unhealthy while the edge is away, and well again when it is back', async () => {
      await running.started
      const { pid } = running.status().processes.edge

      process.kill(pid!, 'SIGKILL')
      await saw({ type: 'service.exited', service: 'edge' })
      const away = running.status()
      await saw({ type: 'service.ready', service: 'edge' }, 2)
      await health()

      expect(away).toMatchObject({ level: 'unhealthy', chains: [] })
      expect(away.components[0]).toMatchObject({ kind: 'edge', level: 'unhealthy' })
      expect(running.status()).toMatchObject({ level: 'degraded', processes: { edge: { restarts: 1 } } })
    })

    it('believes the heir of an edge that was replaced', async () => {
      await steerService(file, { act: 'restart', name: 'edge' })
      await saw({ type: 'service.stopped', service: 'edge' })

      expect(running.status()).toMatchObject({ level: 'degraded', chains: [{ name: 'default' }] })
    })

    it('leaves nothing when it stops, however often it is told to', async () => {
      await Promise.all([running.stop(), running.stop()])

      for (const port of ports) expect(await addressFree({ host, port })).toBe(true)
      expect(existsSync(controlPath(stateFolder(file)))).toBe(false)
      await expect(runningStatus(file)).rejects.toMatchObject({
        code: 'NOT_RUNNING',
        message: expect.stringMatching(/^nothing runs .*holdfast\.yaml: .*; start it with `holdfast up -f /),
      })
    })
  })

  describe('when an address is taken', () => {
    const cleanup: (() => unknown)[] = []
    afterEach(async () => {
      for (const step of cleanup.splice(0)) await step()
    })

    it.each([
      ['the gateway', 0],
      ['the control listener', 1],
      ['a service', 2],
    ])('by another program, and is that of %s, refuses and leaves nothing', async (_, index) => {
      const other = createServer().listen(0, host)
      await once(other, 'listening')
      const { port: taken } = other.address() as AddressInfo
      const ports = [await freePort(), await freePort(), await freePort()] as [number, number, number]
      ports[index] = taken
      const file = fileWith(
        `${listeners(ports[0], ports[1])}services: { a: { command: [node, -e, ""], listen: ${host}:${ports[2]} } }`,
      )
      cleanup.push(
        () => other.close(),
        () => rmSync(join(file, '..'), { recursive: true }),
      )

      await expect(up({ file, environment })).rejects.toMatchObject({
        code: 'ADDRESS_IN_USE',
        message: expect.stringMatching(new RegExp(`${host}:${taken}.*another program`)),
      })

      for (const port of ports) if (port !== taken) expect(await addressFree({ host, port })).toBe(true)
      expect(existsSync(controlPath(stateFolder(file)))).toBe(false)
    })
  })

  it('refuses Windows before it looks at the file', async () => {
    await expect(up({ file: 'missing.yaml', environment, platform: 'win32' })).rejects.toMatchObject({
      code: 'UNSUPPORTED_PLATFORM',
    })
  })

  it('refuses a bad file before anything else', async () => {
    const file = fileWith('gatway: {}')

    await expect(up({ file, environment })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })

    expect(existsSync(stateFolder(file))).toBe(false)
    rmSync(join(file, '..'), { recursive: true })
  })
})
