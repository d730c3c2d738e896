import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { folder } from '../testing/folder.ts'
import { clearPidFiles, pidFile, type Run, readPidFiles, removePidFile, writePidFile } from './pid-file.ts'
import { mark } from './process-mark.ts'

const own = mark(process.pid)!
const run = (service: string, more: Partial<Run> = {}): Run => ({
  ...own,
  unit: { governor: 'ab12', onGovernorDeath: 'adopt', service, run: 'c3-1' },
  spec: '0123',
  ready: false,
  ...more,
})

describe('writePidFile', () => {
  it('puts the number in the first line, where only the owner reads it', () => {
    const path = folder(onTestFinished)
    writePidFile(path, run('ai'))

    expect(readFileSync(join(path, 'ai.pid'), 'utf8').split('\n')[0]).toBe(String(process.pid))
    expect(statSync(join(path, 'ai.pid')).mode & 0o777).toBe(0o600)
    removePidFile(path, 'ai')
    expect(readdirSync(path)).toEqual([])
  })
})

describe('readPidFiles', () => {
  it('reads back what was written, also for odd names', () => {
    const path = folder(onTestFinished)
    const runs = [run('ai'), run('a/b'), run('..', { ready: true })]
    for (const each of runs) writePidFile(path, each)

    expect(readPidFiles(path)).toEqual(expect.arrayContaining(runs.map((each) => ({ ...each, lives: true }))))
    expect(readPidFiles(path)).toHaveLength(3)
  })

  it('tells a process from a later one with the same number', () => {
    const path = folder(onTestFinished)
    writePidFile(path, run('ai', { started: 'before' }))

    expect(readPidFiles(path)).toMatchObject([{ pid: process.pid, lives: false }])
  })

  it.each([
    '',
    '1234',
    '-1\nstarted x\nunit a/kill/b/c',
    '1\nstarted x\nunit a/kill/b/c',
    'x\nstarted x\nunit a/kill/b/c',
    '99\nunit a/kill/b/c',
    '99\nstarted x\nunit a',
  ])('takes %j for nothing', (text) => {
    const path = folder(onTestFinished)
    writeFileSync(pidFile(path, 'ai'), text)

    expect(readPidFiles(path)).toEqual([])
  })
})

describe('clearPidFiles', () => {
  it('removes all but those that are kept, and no other file', () => {
    const path = folder(onTestFinished)
    for (const service of ['ai', 'web']) writePidFile(path, run(service))
    for (const name of ['torn.pid', 'web.pid.new', 'control.sock']) writeFileSync(join(path, name), '')

    clearPidFiles(path, new Set(['ai']))

    expect(readdirSync(path).sort()).toEqual(['ai.pid', 'control.sock'])
  })
})
