import { spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { controlPath, serveControl } from '@holdfast/governor'
import { sampleBreaker, sampleChain, sampleLink, sampleStatus } from '@holdfast/runtime/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { holdfast, scratchFolder } from './harness/running-holdfast.ts'

let folder: string
beforeAll(() => {
  folder = scratchFolder()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('holdfast', () => {
  it.concurrent.each([
    [['--help'], 0, /^Usage: holdfast .*\bup\b.*\bstatus\b/s],
    [['up', '--help'], 0, /-f, --file <file>.*"holdfast\.yaml"/s],
    [['--version'], 0, /^\d+\.\d+\.\d+\n$/],
  ])('answers %j with %i', async (args, code, says) => {
    expect(await holdfast(args, folder)).toEqual({ code, out: expect.stringMatching(says), err: '' })
  })

  it.concurrent.each([
    [['stats'], "error: unknown command 'stats'\n(Did you mean status?)"],
    [['up', '--jsn'], "error: unknown option '--jsn'\n(Did you mean --json?)"],
  ])('refuses %j with 1, and says where to look', async (args, sentence) => {
    expect(await holdfast(args, folder)).toEqual({
      code: 1,
      out: '',
      err: `${sentence}\n(holdfast --help shows what there is)\n`,
    })
  })

  it.concurrent('tells an old Node in one sentence that it is too old', () => {
    const preload = join(folder, 'old.cjs')
    writeFileSync(
      preload,
      "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.1.0' } })",
    )
    const bin = join(import.meta.dirname, '../packages/cli/bin/holdfast.cjs')

    const { status, stderr } = spawnSync(process.execPath, ['--require', preload, bin, 'up'], {
      encoding: 'utf8',
    })

    expect(status).toBe(1)
    expect(stderr).toBe('holdfast needs Node 24 or newer, and this is Node 20.1.0.\n')
  })
})

describe('holdfast status', () => {
  it('says with 1 that nothing runs, and how to start it', async () => {
    const { code, out, err } = await holdfast(['status'], folder)

    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toMatch(/^nothing runs holdfast\.yaml: .*; start it with `holdfast up -f holdfast\.yaml`\n$/)
  })

  it('shows the picture of what runs, and ends with 0, 2 or 3 by how it is', async () => {
    const open = sampleChain('default', { links: [sampleLink('primary', 'open'), sampleLink('spare')] })
    const dead = sampleChain('default', { links: [sampleLink('primary', 'open')] })
    const statuses = [[sampleChain('default')], [open], [dead]].map((chains) => sampleStatus({ chains }))
    let asked = 0
    const policies = [
      { pid: 7, service: 'ai', omitted: 0, kinds: { breaker: [sampleBreaker('jira', 'open')] } },
    ]
    await using _ = await serveControl({
      path: controlPath(join(folder, '.holdfast')),
      calls: { status: () => statuses[asked++ % statuses.length], policies: () => policies },
    })

    const told = [await holdfast(['status'], folder), await holdfast(['status'], folder)]
    const { code, out } = await holdfast(['status', '--json'], folder)

    expect([...told.map((each) => each.code), code]).toEqual([0, 2, 3])
    expect(told[0]?.out).toMatch(/^holdfast ● healthy .*\n.*\n\n {2}edge +● ready .*\n\nchain default /)
    expect(told[1]?.out).toContain('\n\nupstream primary: its breaker is open\n')
    expect(told[0]?.out).toMatch(/\n\npolicies\n {2}jira {2}○ open +ai \(pid 7\)\n$/)
    expect(told[1]?.out).not.toContain('\x1b')
    expect(JSON.parse(out)).toMatchObject({
      level: 'unhealthy',
      chains: [{ name: 'default' }],
      policies: [{ pid: 7 }],
    })
  })
})

describe('holdfast breaker', () => {
  it('says where it was reset or isolated, or with 1 that nobody has it', async () => {
    const asked: unknown[] = []
    const answer = (act: string) => (input: unknown) => {
      asked.push([act, input])
      return (input as { name: string }).name === 'jira' ? [{ pid: 7, service: 'ai' }, { pid: 8 }] : []
    }
    await using _ = await serveControl({
      path: controlPath(join(folder, '.holdfast')),
      calls: { reset: answer('reset'), isolate: answer('isolate') },
    })
    const told = await Promise.all(
      ['reset jira', 'isolate jira', 'reset mail', 'reset jira --json'].map((words) =>
        holdfast(['breaker', ...words.split(' ')], folder),
      ),
    )

    expect(told).toEqual([
      { code: 0, out: 'reset breaker jira in ai (pid 7), pid 8\n', err: '' },
      { code: 0, out: 'isolated breaker jira in ai (pid 7), pid 8\n', err: '' },
      { code: 1, out: '', err: "no process has a breaker 'mail'; holdfast status shows those there are\n" },
      { code: 0, out: '{"processes":[{"pid":7,"service":"ai"},{"pid":8}]}\n', err: '' },
    ])
    expect(asked).toContainEqual(['isolate', { name: 'jira', kind: 'breaker' }])
  })
})
