import { describe, expect, it } from 'vitest'
import { address, addressText, bytes, clash, duration, isLoopback } from './units.ts'

const at = (text: string) => address(text)!

describe('duration', () => {
  it.each([
    ['500ms', 500],
    ['10s', 10_000],
    ['1.5 h', 5_400_000],
    [' 2m ', 120_000],
    ['7d', 604_800_000],
    ['0s', 0],
  ])('reads %s', (text, ms) => {
    expect(duration(text)).toBe(ms)
  })

  it.each(['30', '', 's', '-1s', '1e3s', '10 seconds', '10s 5ms', '١s'])('makes nothing of %j', (text) => {
    expect(duration(text)).toBeUndefined()
  })
})

describe('bytes', () => {
  it.each([
    ['512MB', 512_000_000],
    ['1.5GiB', 1_610_612_736],
    ['800 kB', 800_000],
    ['7B', 7],
  ])('reads %s', (text, size) => {
    expect(bytes(text)).toBe(size)
  })

  it.each(['512', 'MB', '-1MB', '1mb', '1 TB'])('makes nothing of %j', (text) => {
    expect(bytes(text)).toBeUndefined()
  })
})

describe('address', () => {
  it.each([
    ['127.0.0.1:4700', { host: '127.0.0.1', port: 4700 }],
    ['LocalHost:1', { host: 'localhost', port: 1 }],
    ['[::1]:65535', { host: '::1', port: 65_535 }],
    ['[0:0:0:0:0:0:0:1]:80', { host: '::1', port: 80 }],
    ['0.0.0.0:0', { host: '0.0.0.0', port: 0 }],
    ['db.internal:5432', { host: 'db.internal', port: 5432 }],
  ])('reads %s', (text, read) => {
    expect(address(text)).toEqual(read)
  })

  it.each([
    '127.0.0.1',
    '127.0.0.1:',
    ':4700',
    '4700',
    '127.0.0.1:65536',
    '127.0.0.1:-1',
    '256.0.0.1:80',
    '127.0.1:80',
    '::1:4700',
    '[127.0.0.1]:80',
    '[::g]:80',
    'http://a:80',
    'a b:80',
  ])('makes nothing of %s', (text) => {
    expect(address(text)).toBeUndefined()
  })

  it('is what its text says', () => {
    for (const text of ['127.0.0.1:4700', '[::1]:4700', 'localhost:4700'])
      expect(addressText(at(text))).toBe(text)
  })
})

describe('isLoopback', () => {
  it.each(['127.0.0.1:1', '127.9.9.9:1', 'localhost:1', '[::1]:1'])('is true of %s', (text) => {
    expect(isLoopback(at(text))).toBe(true)
  })

  it.each(['0.0.0.0:1', '[::]:1', '10.0.0.1:1', '127.example:1'])('is not of %s', (text) => {
    expect(isLoopback(at(text))).toBe(false)
  })
})

describe('clash', () => {
  it.each([
    ['127.0.0.1:1', '127.0.0.1:1'],
    ['localhost:1', '127.0.0.1:1'],
    ['0.0.0.0:1', '127.0.0.1:1'],
    ['10.0.0.1:1', '0.0.0.0:1'],
    ['[::]:1', '127.0.0.1:1'],
    ['0.0.0.0:1', '[::]:1'],
    ['[::1]:1', '[0::1]:1'],
  ])('holds between %s and %s, both ways', (a, b) => {
    expect([clash(at(a), at(b)), clash(at(b), at(a))]).toEqual([true, true])
  })

  it.each([
    ['127.0.0.1:1', '127.0.0.1:2'],
    ['127.0.0.1:1', '127.0.0.2:1'],
    ['127.0.0.1:1', '[::1]:1'],
    ['0.0.0.0:1', '[::1]:1'],
  ])('does not hold between %s and %s', (a, b) => {
    expect([clash(at(a), at(b)), clash(at(b), at(a))]).toEqual([false, false])
  })
})
