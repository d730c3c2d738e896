import { expect, it } from 'vitest'
import { freePorts, holdfast, runningHoldfast } from './harness/running-holdfast.ts'

interface Health {
  readonly status: string
  readonly components: readonly {
    readonly name: string
    readonly kind: string
    readonly level: string
    readonly reason?: string
    readonly age: number
  }[]
}

it('tells the health and the numbers of what is known while the governor hangs, and stays ready', async () => {
  const [gateway, control] = (await freePorts(2)) as [number, number]
  const file = `
gateway: { listen: 127.0.0.1:${gateway} }
control: { listen: 127.0.0.1:${control} }
rules: [{ match: ., answer: later }]
chains: { default: [rules] }
services: { steady: { command: [node, -e, "setInterval(() => {}, 1e6); console.log('on')"], ready: line:on } }
`
  await using running = await runningHoldfast(file, control)
  const health = async (): Promise<Health> =>
    (await (await fetch(`http://127.0.0.1:${control}/api/v1/health`)).json()) as Health
  const until = async (level: string): Promise<Health> => {
    for (;;) {
      const told = await health()
      if (told.components.find(({ kind }) => kind === 'governor')?.level === level) return told
    }
  }
  await running.line(/steady is ready/)
  const { pid } = (await running.status()).processes.governor
  await until('healthy') // what hangs before its first word has said nothing that could be told

  try {
    process.kill(pid, 'SIGSTOP')
    const { status, components } = await until('unhealthy')
    const probes = await Promise.all(
      [gateway, control].flatMap((port) =>
        ['livez', 'readyz'].map(async (path) => (await fetch(`http://127.0.0.1:${port}/${path}`)).status),
      ),
    )

    expect(status).toBe('degraded')
    const [edge, governor, service, chain] = components
    expect(edge).toMatchObject({ kind: 'edge' })
    expect(governor?.reason).toMatch(/^it has not answered for \d+ s: /)
    expect(service).toMatchObject({ name: 'steady', kind: 'service', level: 'healthy' })
    expect(chain).toMatchObject({ name: 'default', kind: 'chain', level: 'healthy' })
    expect(service!.age).toBeGreaterThan(chain!.age)
    expect(probes).toEqual([200, 200, 200, 200])

    const metrics = await fetch(`http://127.0.0.1:${control}/metrics`)
    const numbers = await metrics.text()
    expect(numbers).toContain('\nholdfast_service_ready{service="steady"} 1\n')
    expect(Number(/\nholdfast_governor_answer_age_seconds (\S+)/.exec(numbers)?.[1])).toBeGreaterThan(2)

    const traces = await holdfast(['traces'], running.folder)
    expect(traces.code).not.toBe(0)
    expect(traces.err).toMatch(
      /^the governor, the process of `holdfast up -f holdfast.yaml`, .* not answered .*`kill -CONT`/,
    )
  } finally {
    process.kill(pid, 'SIGCONT')
  }
  expect((await until('healthy')).components.map(({ name }) => name)).toEqual([
    'edge',
    'governor',
    'steady',
    'default',
  ])
}, 30_000)
