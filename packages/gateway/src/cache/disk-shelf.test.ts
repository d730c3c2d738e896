import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DiskShelf } from './disk-shelf.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-shelf-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const now = 1_700_000_000_000
const errors: unknown[] = []
const shelf = (most = 1e9, wall = () => now) =>
  new DiskShelf({ folder, most, wall, complain: (error) => errors.push(error) })
const key = (nth: number) => `${nth.toString(16).padStart(64, '0')}-piece`
const answer = (text: string) => ({ type: 'application/json', link: 'a/x', at: now, body: Buffer.from(text) })
const files = () =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

describe('DiskShelf', () => {
  it('gives back what was put, to another process too', async () => {
    const one = shelf()
    one.put(key(1), answer('é\n{"a":1}'), now + 1)
    await one.settled()

    expect(await shelf().get(key(1))).toEqual(answer('é\n{"a":1}'))
    expect(await shelf().get(key(2))).toBeUndefined()
  })

  it('lets only its own user read what it keeps (I4)', async () => {
    const one = shelf()
    one.put(key(1), answer('secret'), now + 1)
    await one.settled()
    const [file = ''] = files()

    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(join(file, '..')).mode & 0o777).toBe(0o700)
  })

  it('keeps no more than 64 of what comes at once, so that a slow disk is not waited for', async () => {
    const one = shelf()
    for (let nth = 0; nth < 100; nth++) one.put(key(nth), answer('x'), now + 1)
    await one.settled()

    expect(files()).toHaveLength(64)
  })

  it('takes a part of a file for no answer, wherever it was cut (I1)', async () => {
    const one = shelf()
    one.put(key(1), answer('{"a":1}'), now + 1)
    await one.settled()
    const [file = ''] = files()
    const whole = readFileSync(file)
    for (let length = whole.length - 1; length >= 0; length--) {
      truncateSync(file, length)
      expect(await shelf().get(key(1)), String(length)).toBeUndefined()
    }
    for (let at = 0; at < whole.length; at++) {
      const bent = Buffer.from(whole)
      bent[at] = bent[at]! ^ 1
      writeFileSync(file, bent)
      expect(await shelf().get(key(1)), String(at)).toBeUndefined()
    }
    writeFileSync(file, whole)
    expect(await shelf().get(key(1))).toBeDefined()
  })

  it("takes another's file for no answer, nor a folder (I1)", async () => {
    const one = shelf()
    one.put(key(1), answer('{"a":1}'), now + 1)
    await one.settled()
    const [file = ''] = files()
    writeFileSync(file.replace(key(1), key(2)), readFileSync(file))
    rmSync(file)
    one.put(`${key(1)}/x`, answer('{}'), now + 1)
    await one.settled()

    expect(await shelf().get(key(2))).toBeUndefined()
    expect(await shelf().get(key(1))).toBeUndefined()
  })

  it('keeps no more than it may: what is of no use goes first, then what soonest will be (I2)', async () => {
    const one = shelf(20 * 4_096)
    for (let nth = 0; nth < 60; nth++) {
      one.put(key(nth), answer('x'), nth % 3 === 0 ? now - 1 : now + nth)
      await one.settled()
    }
    const kept = await Promise.all(Array.from({ length: 60 }, (_, nth) => one.get(key(nth))))
    const numbers = kept.flatMap((each, nth) => (each ? [nth] : []))

    expect(one.bytes).toBeLessThanOrEqual(21 * 4_096)
    expect(files().length * 4_096).toBeLessThanOrEqual(21 * 4_096)
    expect(numbers.filter((nth) => nth % 3 === 0 && nth < 57)).toEqual([])
    expect(numbers).toContain(59)
    expect(numbers).not.toContain(1)
    expect(one.evicted).toBeGreaterThan(0)
    expect(errors).toEqual([])
  })

  it('takes away what a process that died has left, and leaves what one is writing', async () => {
    const draft = join(folder, 'ab', `${key(1)}.1-1.new`)
    const one = shelf(1e9, () => Date.now() + 61_000)
    const other = shelf(1e9, () => Date.now())
    other.put(key(0), answer('x'), Date.now() + 1e6)
    await other.settled()
    const leave = () => {
      rmSync(join(draft, '..'), { recursive: true, force: true })
      other.put('ab', answer('x'), Date.now() + 1e6)
    }
    leave()
    await other.settled()
    writeFileSync(draft, 'half')
    utimesSync(draft, 9e9, 9e9)
    const third = shelf(1e9, () => Date.now())
    third.put(key(3), answer('x'), Date.now() + 1e6)
    await third.settled()
    expect(files()).toContain(draft)

    one.put(key(2), answer('x'), Date.now() + 1e6)
    await one.settled()
    expect(files()).not.toContain(draft)
  })

  it('has whole answers or none after kill -9', { timeout: 20_000 }, async () => {
    const code = `
      import { DiskShelf } from ${JSON.stringify(join(import.meta.dirname, 'disk-shelf.ts'))}
      const shelf = new DiskShelf({ folder: ${JSON.stringify(folder)}, most: 1e9, wall: Date.now, complain: console.error })
      const body = Buffer.alloc(300_000, 'x')
      for (let nth = 0; ; nth++) {
        shelf.put((nth % 8).toString(16).padStart(64, '0') + '-piece', { type: 't', link: 'l', at: nth, body }, Date.now() + 1e6)
        await new Promise(setImmediate)
        if (nth === 40) console.log('on')
      }`
    const args = ['--conditions=@holdfast/source', '--input-type=module-typescript', '--eval', code]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    child.kill('SIGKILL')
    await once(child, 'exit')
    const one = shelf()
    const kept = await Promise.all(Array.from({ length: 8 }, (_, nth) => one.get(key(nth))))
    const named = files().filter((file) => !file.endsWith('.new'))

    expect(kept.filter(Boolean)).toHaveLength(named.length)
    expect(named.length).toBeGreaterThan(0)
    for (const each of kept) expect(each === undefined || each.body.length === 300_000).toBe(true)
  })
})
