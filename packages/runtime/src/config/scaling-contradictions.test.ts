import { describe, expect, it } from 'vitest'
import { ConfigError } from './problem.ts'
import { readConfig } from './read.ts'

const complaints = (autoscale: string, more = ''): string => {
  const text = `services:\n  ai:\n    command: a\n    autoscale: ${autoscale}\n${more}`
  try {
    readConfig({ file: 'f', text, environment: {} })
    return ''
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
}

describe('ofScaling', () => {
  it('takes what can be scaled', () => {
    expect(complaints('{ max: 4, cpu: 0.6 }')).toBe('')
    expect(complaints('{ min: 2, max: 4, lag: 40ms, queue: 10, page: "http://127.0.0.1:9101/load" }')).toBe(
      '',
    )
  })

  it.each([
    ['{ cpu: 0.6 }', '4:16 services.ai.autoscale.max: is missing'],
    [
      '{ max: 4 }',
      '4:16 services.ai.autoscale: names no target: say what load a replica should have: cpu, inFlight or queue',
    ],
    ['{ max: 4, cpu: 0 }', '4:31 services.ai.autoscale.cpu: must be a number above 0'],
    ['{ max: 4, cpu: 60% }', '4:31 services.ai.autoscale.cpu: must be a number above 0'],
    [
      '{ max: 4, cpu: 0.6, lag: 40 }',
      '4:41 services.ai.autoscale.lag: must be a duration with a unit, such as 500ms, 10s or 2m',
    ],
    [
      '{ min: 5, max: 4, cpu: 0.6 }',
      '4:31 services.ai.autoscale.max: is 4, which is less than min, 5: use 5 or more',
    ],
    [
      '{ max: 4, inFlight: 8 }',
      '4:36 services.ai.autoscale.inFlight: is a target that nobody measures: name the page where it is read',
    ],
    [
      '{ max: 4, cpu: 0.6, page: /load }',
      '4:42 services.ai.autoscale.page: is "/load": use http://host:port/path, with a port free for each replica from that on',
    ],
    ['{ max: 4, cpus: 0.6 }', "4:26 services.ai.autoscale.cpus: unknown key; did you mean 'cpu'?"],
  ])('refuses %s, with the place', (autoscale, said) => {
    expect(complaints(autoscale)).toContain(`f:${said}`)
  })

  it.each([
    ['    replicas: 2\n', '5:15 services.ai.replicas: is decided by `autoscale`: use `min` and `max` there'],
    [
      '    enough: 2\n',
      '5:13 services.ai.enough: is more than there may be replicas: use 1 or less, or a larger min',
    ],
    [
      '    restart: never\n',
      '4:16 services.ai.autoscale: is for a service that goes on, and this one is a job: leave it out',
    ],
    [
      '    listen: 127.0.0.1:9001\n    ready: http:/health\n',
      '6:12 services.ai.ready: use notify, line or command',
    ],
  ])('refuses what does not go with it: %j', (more, said) => {
    expect(complaints('{ max: 4, cpu: 0.6 }', more)).toContain(`f:${said}`)
  })
})
