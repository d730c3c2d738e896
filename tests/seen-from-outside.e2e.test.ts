import { join } from 'node:path'
import { expect, it } from 'vitest'
import { freePorts, holdfast, runningHoldfast } from './harness/running-holdfast.ts'

const script = join(import.meta.dirname, 'harness/announcer.ts')

interface Process {
  readonly pid: number
  readonly service: string
  readonly kinds: { readonly breaker?: readonly { readonly name: string; readonly is: string }[] }
}

it('sees and switches the breakers of all processes from outside, and of those that come later', async () => {
  const [gateway, control] = (await freePorts(2)) as [number, number]
  const service = `{ command: [node, "--conditions=@holdfast/source", "${script}"], backoff: { initial: 1ms, max: 1ms } }`
  const file = `
gateway: { listen: 127.0.0.1:${gateway} }
control: { listen: 127.0.0.1:${control} }
services: { one: ${service}, two: ${service} }
`
  await using running = await runningHoldfast(file, control)
  const api = `http://127.0.0.1:${control}/api/v1/policies`
  /** Both, once both have announced themselves. */
  const both = async (): Promise<Process[]> => {
    for (;;) {
      const { processes } = (await (await fetch(api)).json()) as { processes: Process[] }
      const services = processes.filter((each) => each.service !== 'edge')
      if (services.length === 2) return services.toSorted((a, b) => a.service.localeCompare(b.service))
    }
  }
  const post = (act: string, name: string) =>
    fetch(`${api}/${act}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name }),
    })

  const [one, two] = await both()
  expect([one, two]).toMatchObject(
    ['one', 'two'].map((name) => ({ service: name, kinds: { breaker: [{ name: 'jira', is: 'isolated' }] } })),
  )

  const metrics = await (await fetch(`http://127.0.0.1:${control}/metrics`)).text()
  for (const { service, pid } of [one!, two!])
    expect(metrics).toContain(
      `\nholdfast_breaker_state{breaker="jira",service="${service}",pid="${pid}",state="isolated"} 1\n`,
    )

  const reset = await holdfast(['breaker', 'reset', 'jira'], running.folder)
  expect({ ...reset, out: reset.out.split(/ in |, |\n/).toSorted() }).toEqual({
    code: 0,
    out: ['', `one (pid ${one!.pid})`, 'reset breaker jira', `two (pid ${two!.pid})`],
    err: '',
  })
  await Promise.all([running.line(/ one breaker\.closed/), running.line(/ two breaker\.closed/)])
  expect((await both()).map(({ kinds }) => kinds.breaker?.[0]?.is)).toEqual(['closed', 'closed'])

  process.kill(one!.pid, 'SIGKILL')
  await running.line(/ one breaker\.isolated/, 2)
  const [later] = await both()
  expect(later?.pid).not.toBe(one!.pid)
  expect((await post('isolate', 'jira')).status).toBe(200)
  expect((await both()).map(({ kinds }) => kinds.breaker?.[0]?.is)).toEqual(['isolated', 'isolated'])
  expect((await post('reset', 'nobody')).status).toBe(404)

  const { out } = await holdfast(['status'], running.folder)
  expect(out).toMatch(/\npolicies\n {2}jira {2}○ isolated/)
}, 20_000)
