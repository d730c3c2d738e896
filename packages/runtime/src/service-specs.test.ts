import { describe, expect, it } from 'vitest'
import { readConfig } from './config/read.ts'
import { serviceSpecs } from './service-specs.ts'

const announced = { HOLDFAST_CONTROL: '/run/control.sock', HOLDFAST_SERVICE: 'a' }
const specs = (services: string) => {
  const config = readConfig({ file: 'x', text: `services:\n${services}`, environment: {} })
  return serviceSpecs(config, { file: '/srv/app/holdfast.yaml', governor: '/run/control.sock' })
}

describe('serviceSpecs', () => {
  it('leaves to the governor what the file does not say', () => {
    expect(specs('  a: { command: "node ai.ts --name \'the one\'" }')).toEqual([
      {
        name: 'a',
        command: ['node', 'ai.ts', '--name', 'the one'],
        cwd: '/srv/app',
        env: announced,
      },
    ])
  })

  it('takes the paths of a runtime environment from the folder of the file', () => {
    const [spec] = specs(
      '  a: { command: a, environment: { venv: .venv, node: /opt/node, envFile: a.env, user: ada } }',
    )

    expect(spec?.environment).toEqual({
      venv: '/srv/app/.venv',
      node: '/opt/node',
      envFile: '/srv/app/a.env',
      user: 'ada',
    })
  })

  it('hands over all that the file says', () => {
    const [, spec] = specs(`
  k: { command: k }
  a:
    command: [node, ai.ts]
    cwd: sub/folder
    env: { PORT: 1, DEBUG: yes }
    listen: 127.0.0.1:9001
    needs: [k]
    ready: http:/health
    startTimeout: 5s
    stopGrace: 100ms
    backoff: { max: 1s }
`)

    expect(spec).toEqual({
      name: 'a',
      command: ['node', 'ai.ts'],
      cwd: '/srv/app/sub/folder',
      env: { ...announced, HOST: '127.0.0.1', PORT: '1', DEBUG: 'yes' },
      needs: ['k'],
      ready: { http: 'http://127.0.0.1:9001/health' },
      startTimeout: 5_000,
      stopGrace: 100,
      backoff: { max: 1_000 },
    })
  })

  it('hands over how a service is scaled', () => {
    const [spec] = specs('  a: { command: a, autoscale: { max: 4, cpu: "0.6", downAfter: 2m, up: 1 } }')

    expect(spec?.autoscale).toEqual({ max: 4, cpu: 0.6, downAfter: 120_000, up: 1 })
  })

  it('hands over how a service is kept, with its group and its schedule', () => {
    const config = `
  a:
    command: a
    group: together
    ready: notify
    alive: { check: "command:./check a", every: 5s, failures: 2 }
    before: ./prepare it
    after: [rm, -f, lock]
    hookTimeout: 1m
    stopSignal: SIGINT
    restart: on-failure
    successCodes: [0, 3]
    giveUp: { restarts: 5, within: 1m }
    maxMemory: 512MB
    restartAt: { cron: "0 4 * * *", timezone: Europe/Vienna, jitter: 5m }
groups: { together: rest-for-one }
`
    expect(specs(config)).toEqual([
      {
        name: 'a',
        command: ['a'],
        cwd: '/srv/app',
        env: announced,
        group: { name: 'together', strategy: 'rest-for-one' },
        ready: { notify: true },
        alive: { probe: { command: ['./check', 'a'] }, every: 5_000, failures: 2 },
        before: ['./prepare', 'it'],
        after: ['rm', '-f', 'lock'],
        hookTimeout: 60_000,
        stopSignal: 'SIGINT',
        restart: 'on-failure',
        successCodes: [0, 3],
        giveUp: { restarts: 5, within: 60_000 },
        maxMemory: 512_000_000,
        restartAt: { cron: '0 4 * * *', timezone: 'Europe/Vienna', jitter: 300_000 },
      },
    ])
    expect(specs('  a: { command: a, alive: notify, restartAt: { every: 1d } }')[0]).toMatchObject({
      alive: { probe: { notify: true } },
      restartAt: { every: 86_400_000 },
    })
  })

  it('tells a service by its environment where it should listen', () => {
    expect(specs('  a: { command: a, listen: "[::1]:9001" }')[0]?.env).toEqual({
      ...announced,
      HOST: '::1',
      PORT: '9001',
    })
  })

  it('hands over how many processes a service is, and the sockets that are held for them', () => {
    const text =
      'services: { a: { command: a, listen: "127.0.0.1:9001", replicas: 3, enough: 2, surge: 2, spare: 1 }, b: { command: b } }'
    const config = readConfig({ file: 'x', text, environment: {} })
    const socket = { host: '127.0.0.1', port: 9001, fd: 7, close: () => {} }
    const sockets = ({ replicas }: { readonly replicas?: number | undefined }) => (replicas ? [socket] : [])
    const [a, b] = serviceSpecs(config, { file: '/srv/x', governor: '/run/x', sockets })

    expect(a).toMatchObject({ replicas: 3, enough: 2, surge: 2, spare: 1, listen: [socket] })
    expect(Object.keys(b!)).toEqual(['name', 'command', 'cwd', 'env'])
  })

  it('takes a folder from the root as it is', () => {
    expect(specs('  a: { command: a, cwd: /opt }')[0]?.cwd).toBe('/opt')
  })
})
