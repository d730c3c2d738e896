import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ServiceLine } from '@holdfast/governor'
import { describe, expect, it, onTestFinished } from 'vitest'
import { keptLogs } from './kept-logs.ts'

const body = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj'
const begin = '-----BEGIN PRIVATE KEY-----'
const end = '-----END PRIVATE KEY-----'

const opened = (size = 1_000_000) => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-kept-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const logs = keptLogs({ folder, keep: { size, files: 100, age: 86_400_000 } })
  onTestFinished(() => logs[Symbol.asyncDispose]())
  const say = async (lines: readonly string[], from: Partial<ServiceLine> = {}) => {
    for (const line of lines) await logs.write({ service: 's', run: '1', stream: 'stdout', line, ...from })
  }
  const files = () => readdirSync(folder)
  const all = () => files().map((name) => readFileSync(join(folder, name), 'utf8'))
  const said = () => all().flatMap((text) => [...text.matchAll(/^\S+ \S+ (.*)$/gm)].map(([, line]) => line))
  return { files, all, said, say }
}

describe('keptLogs', () => {
  it('keeps no secret of a line, whatever its shape', async () => {
    const { said, say } = opened()
    await say(['password=hunter2x', '{"dsn":"a b c", "n":1}', '\x1b[1mtoken\x1b[0m: abc123DEF456'])

    expect(said()).toEqual(['password=[redacted]', '{"dsn":"[redacted]","n":1}', 'token: [redacted]'])
  })

  it('keeps of a private key that it begins and ends, and whole what others say meanwhile', async () => {
    const { said, say } = opened()
    await say([`loaded ${begin}`, body])
    await say(['warned', begin], { stream: 'stderr' })
    await say([body, end, 'ok then'])
    await say([body, end], { stream: 'stderr' })

    expect(said()).toEqual(['loaded [redacted]', 'warned', '[redacted]', end, 'ok then', end])
  })

  it('keeps nothing of a key when a file is full in the middle of it', async () => {
    const { files, all, said, say } = opened(60)
    const others = { service: 's', stream: 'stderr' } as const
    await say([begin])
    for (let line = 0; line < 4; line++) {
      await say([body])
      await say(['meanwhile'], others)
    }
    await say([end])

    expect(files().length).toBeGreaterThan(3)
    expect(all().join('')).not.toContain(body)
    expect(said().toSorted()).toEqual([end, '[redacted]', ...Array<string>(4).fill('meanwhile')].toSorted())
  })

  it('keeps what a service says that was restarted inside a key, and nothing late of that key', async () => {
    const { said, say } = opened()
    await say([begin, body])
    await say(['started', '', 'listening'], { run: '2' })
    await say([body])
    await say(['ready'], { run: '2' })

    expect(said()).toEqual(['[redacted]', 'started', '', 'listening', 'ready'])
  })
})
