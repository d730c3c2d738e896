import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { known } from '../examples/quickstart/answers.ts'
import { freePorts, lives, scratchFolder } from './harness/running-holdfast.ts'

const root = join(import.meta.dirname, '..')

it('shows how the primary is killed in the middle of a sentence and the secondary says the rest, once', async () => {
  const folder = await quickstart()
  const child = spawn(process.execPath, [join(folder, 'demo/start.ts')], {
    env: { ...process.env, NO_COLOR: '1', PACE: '20' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  let out = ''
  for await (const text of child.stdout.setEncoding('utf8')) {
    out += text
    if (!child.killed && /curl.*primary is ready/s.test(out)) child.kill() // asked twice, it would not end in order
  }

  expect(await exited).toEqual([0, null])
  const [{ question, answer } = { question: '', answer: '' }] = known
  const told = out.slice(out.indexOf(question) + question.length, out.indexOf('— primary, then secondary'))
  const killed = /\n✗ kill -9 (\d+): primary is dead; Holdfast starts it again\n/
  const joint = /\n── primary died after “…(.+)”; secondary goes on ──\n/
  expect(told).toMatch(killed)
  expect(told).toMatch(joint)
  const [before = '', last = '', after = ''] = told.replace(killed, '\n').split(joint).map(oneLine)
  expect(`${before} ${after}`).toBe(answer)
  expect(before.endsWith(last)).toBe(true)
  expect(before.length).toBeLessThan(answer.length / 2)
  expect(lives(Number(killed.exec(told)?.[1]))).toBe(false)
  expect(out).toMatch(/primary ended \(SIGKILL\)/)
  rmSync(folder, { recursive: true })
}, 30_000)

/** The quickstart as it is, on ports of its own. */
async function quickstart(): Promise<string> {
  const folder = scratchFolder()
  cpSync(join(root, 'examples/quickstart'), folder, {
    recursive: true,
    filter: (source) => !source.includes('.holdfast'),
  })
  const ports = await freePorts(4)
  const command = JSON.stringify(join(root, 'packages/cli/bin/holdfast.cjs'))
  for (const name of globSync('**/*.{ts,yaml}', { cwd: folder })) {
    const file = join(folder, name)
    const text = readFileSync(file, 'utf8')
      .replace("join(import.meta.dirname, '../../../packages/cli/bin/holdfast.cjs')", command)
      .replace(/\b47(00|01|11|12)\b/g, (port) =>
        String(ports[['4700', '4701', '4711', '4712'].indexOf(port)]),
      )
    writeFileSync(file, text)
  }
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  return folder
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim()
