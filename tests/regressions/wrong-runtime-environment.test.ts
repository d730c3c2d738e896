import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { processGovernor } from '../../packages/governor/src/index.ts'

it('a service gets the environment, the folder and the Node that its own spec names, and no mark of another', async () => {
  const before = process.env['HOLDFAST_UNIT']
  process.env['HOLDFAST_UNIT'] = 'aaaaaaaaaaaaaaaaaaaaaaaa/kill/outer/b-1'
  onTestFinished(() => {
    if (before === undefined) delete process.env['HOLDFAST_UNIT']
    else process.env['HOLDFAST_UNIT'] = before
  })
  const said = new Map<string, string[]>()
  const tell = `console.log([process.env.COLOUR, process.cwd(), process.execPath, process.env.HOLDFAST_UNIT].join('|'))
    setInterval(() => {}, 1e6)`
  const services = ['red', 'blue'].map((colour) => ({
    name: colour,
    command: ['node', '-e', tell],
    cwd: colour === 'red' ? '/' : '/tmp',
    env: { COLOUR: colour, PATH: '/usr/bin:/bin' },
    ready: { line: '|' },
  }))
  await using g = processGovernor({
    services,
    log: ({ service, line }) => void said.set(service, line.split('|')),
  })
  await g.start()

  const [red, blue] = [said.get('red')!, said.get('blue')!]
  expect(red.slice(0, 3)).toEqual(['red', '/', process.execPath])
  expect(blue.slice(0, 3)).toEqual(['blue', '/tmp', process.execPath])
  // The mark of the governor round this one stays, so that it finds them too.
  expect(red[3]).toMatch(/^a{24}\/kill\/outer\/b-1 [0-9a-f]{24}\/kill\/red\/\S+$/)
  expect(blue[3]).toMatch(/^a{24}\/kill\/outer\/b-1 [0-9a-f]{24}\/kill\/blue\/\S+$/)
})

/** A folder that looks like a virtual environment; its Python says whose it is. */
const venv = (path: string) => {
  mkdirSync(join(path, 'bin'), { recursive: true })
  writeFileSync(
    join(path, 'bin', 'python'),
    `#!/bin/sh\necho "${path}|$VIRTUAL_ENV|$PYTHONHOME"; exec sleep 1000\n`,
  )
  chmodSync(join(path, 'bin', 'python'), 0o755)
  return path
}

it('a service gets the Python of its own virtual environment, and not that of the shell which started Holdfast', async () => {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-'))
  const before = { ...process.env }
  onTestFinished(() => {
    process.env = before
    rmSync(path, { recursive: true })
  })
  const activated = venv(join(path, 'activated'))
  Object.assign(process.env, {
    VIRTUAL_ENV: activated,
    PYTHONHOME: activated,
    PATH: `${join(activated, 'bin')}:${process.env['PATH']}`,
  })
  const said = new Map<string, string>()
  const services = ['one', 'two'].map((name) => ({
    name,
    command: ['python', 'handler.py'],
    environment: { venv: venv(join(path, name)) },
    ready: { line: '|' },
  }))
  await using g = processGovernor({ services, log: ({ service, line }) => void said.set(service, line) })
  await g.start()

  expect(Object.fromEntries(said)).toEqual({
    one: `${join(path, 'one')}|${join(path, 'one')}|`,
    two: `${join(path, 'two')}|${join(path, 'two')}|`,
  })
})
