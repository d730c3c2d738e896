import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { folder } from '../testing/folder.ts'
import { kept, spec, stopKept } from '../testing/kept-governor.ts'
import { type RuntimeEnvironment, runtimeEnvironment } from './runtime-environment.ts'

afterEach(stopKept)

const isRoot = process.getuid?.() === 0

/** A folder that looks like a virtual environment; its Python says which it is. */
const fakeVenv = () => {
  const venv = folder(onTestFinished)
  mkdirSync(join(venv, 'bin'))
  writeFileSync(
    join(venv, 'bin', 'python'),
    '#!/bin/sh\necho "python of $VIRTUAL_ENV, home [$PYTHONHOME]"; exec sleep 1000\n',
  )
  chmodSync(join(venv, 'bin', 'python'), 0o755)
  return venv
}
const withFile = (text: string) => {
  const path = join(folder(onTestFinished), '.env')
  writeFileSync(path, text)
  return path
}
/** What a child says of itself under this environment. */
const said = async (environment: RuntimeEnvironment, command: readonly string[], env = {}) => {
  const { g, line } = kept([spec('a', { command, environment, env, ready: { line: '' } })])
  expect(await g.start()).toEqual({ ready: ['a'], failed: [] })
  return (await line(/.+/))[0]
}

describe('runtimeEnvironment', () => {
  it('makes python that of a virtual environment, and forgets PYTHONHOME', async () => {
    const venv = fakeVenv()

    expect(await said({ venv }, ['python', 'x'], { PYTHONHOME: '/elsewhere', VIRTUAL_ENV: '/other' })).toBe(
      `python of ${venv}, home []`,
    )
  })

  it('makes node another Node', async () => {
    const bin = folder(onTestFinished)
    symlinkSync(process.execPath, join(bin, 'node'))
    const tell = `console.log(process.argv0, process.env.PATH.split(':')[0]); setInterval(() => {}, 1e6)`

    expect(await said({ node: join(bin, 'node') }, ['node', '-e', tell])).toBe(`node ${bin}`)
  })

  it('reads variables from a file, which env overrules, anew for every start', async () => {
    const envFile = withFile('COLOUR=red\nSIZE="10 m"')
    const command = ['sh', '-c', 'echo "$COLOUR, $SIZE"; exec sleep 1000']
    const { g, line } = kept([
      spec('a', { command, environment: { envFile }, env: { SIZE: '5 m' }, ready: { line: ',' } }),
    ])
    await g.start()
    await line(/^red, 5 m$/)

    writeFileSync(envFile, 'COLOUR=blue')
    await g.restart('a')
    await line(/^blue, 5 m$/)
    writeFileSync(envFile, 'COLOUR')

    const { failed } = await g.restart('a')
    expect(failed[0]?.why).toContain(`${envFile}:1: it is not NAME=value; write NAME=value, one a line`)
  })

  it('runs as another user, with the home of that user and no other group, if this is root', async () => {
    const tell = 'echo "$(id -un) $(id -G) $HOME $USER"; exec sleep 1000'
    if (!isRoot)
      return expect(() => runtimeEnvironment({ user: 'nobody' })).toThrow('this process is not root')

    expect(await said({ user: 'nobody' }, ['sh', '-c', tell])).toMatch(/^nobody \d+ \S+ nobody$/)
  })

  it.each<[string, RuntimeEnvironment]>([
    ['there is no Python environment in /no/venv: it has no bin/python', { venv: '/no/venv' }],
    ['the Node /no/node is not a program that can be run', { node: '/no/node' }],
    ['the variables in /no/.env cannot be read (ENOENT)', { envFile: '/no/.env' }],
    [isRoot ? 'there is no user "surely-nobody"' : 'this process is not root', { user: 'surely-nobody' }],
    [isRoot ? 'there is no user "root; id"' : 'this process is not root', { user: 'root; id' }],
  ])('says that %s', (sentence, environment) => {
    expect(() => runtimeEnvironment(environment)).toThrow(sentence)
  })

  it('is looked up before anything is started', async () => {
    const environment = { envFile: withFile('A=1\nB="2') }
    expect(() => kept([spec('a'), spec('b', { environment })])).toThrow(`${environment.envFile}:2: the quote`)
    const { g, events } = kept([])

    await expect(g.addHandler(spec('c', { environment }))).rejects.toMatchObject({ code: 'BAD_ENVIRONMENT' })
    expect([g.status(), events]).toEqual([[], []])
  })
})
