import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { steadySink } from './steady-sink.ts'

describe('steadySink', () => {
  it('hands over every line, and counts it', () => {
    const lines: string[] = []
    const sink = steadySink({ write: (line) => lines.push(line) })

    sink.write('a\n')
    sink.write('b\n')

    expect(lines).toEqual(['a\n', 'b\n'])
    expect(sink.status()).toEqual({ written: 2, dropped: 0 })
  })

  it('counts what a sink throws and rejects (I1, I2)', async () => {
    const throwing = steadySink({
      write() {
        throw new Error('no')
      },
    })
    const rejecting = steadySink({ write: () => Promise.reject(new Error('no')) })

    throwing.write('a\n')
    rejecting.write('a\n')
    await Promise.resolve()

    expect(throwing.status()).toEqual({ written: 0, dropped: 1 })
    expect(rejecting.status()).toEqual({ written: 0, dropped: 1 })
  })

  it('counts what a stream that fails loses, then and later (I1, I2)', async () => {
    const stream = new Writable({ write: (_chunk, _encoding, done) => done(new Error('full')) })
    const sink = steadySink(stream)
    const failed = new Promise((resolve) => stream.once('close', resolve))

    sink.write('a\n')
    await failed
    sink.write('b\n')

    expect(sink.status()).toEqual({ written: 0, dropped: 2 })
  })

  it('lets no more than 1 MB wait in a stream that takes nothing (I3)', () => {
    const stream = new Writable({ write() {} })
    const sink = steadySink(stream)
    const line = 'x'.repeat(10_000)

    for (let n = 0; n < 200; n++) sink.write(line)

    expect(stream.writableLength).toBeLessThan(1_100_000)
    expect(sink.status().dropped).toBeGreaterThan(90)
  })

  it('survives a full disk, and counts each line once (I1, I2, I3)', () => {
    const fd = openSync('/dev/full', 'w')
    const sink = steadySink(fd)

    for (let n = 0; n < 200; n++) sink.write(`${'x'.repeat(10_000)}\n`)

    expect(sink.status()).toEqual({ written: 0, dropped: 200 })
    closeSync(fd)
  })

  it('survives a reader that has gone (I1, I2)', async () => {
    const program = `
      import { steadySink } from ${JSON.stringify(new URL('./steady-sink.ts', import.meta.url).href)}
      const sink = steadySink(1)
      process.stdin.once('data', () => {
        for (let n = 0; n < 5; n++) sink.write('line\\n')
        process.stderr.write(JSON.stringify(sink.status()))
        process.stdin.destroy()
      })
    `
    const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', program])
    child.stdout.destroy()
    let told = ''
    child.stderr.on('data', (chunk: Buffer) => {
      told += chunk.toString()
    })

    child.stdin.write('go\n')
    const [code] = await once(child, 'close')

    expect({ code, told }).toEqual({ code: 0, told: '{"written":0,"dropped":5}' })
  })
})
