import { describe, expect, it } from 'vitest'
import { type LogLevelsOptions, logLevels } from './log-levels.ts'

const book = (options: Partial<LogLevelsOptions> = {}) =>
  logLevels({ from: { level: 'info', services: { api: 'warn' } }, services: ['api', 'db'], ...options })

describe('logLevels', () => {
  it('has the level of a service, or else that of all (I1)', () => {
    expect(['api', 'db'].map(book().of)).toEqual(['warn', 'info'])
  })

  it('changes all, one, and lets one follow the others again (I1)', () => {
    let changes = 0
    const levels = book({ changed: () => changes++ })

    levels.change({ level: 'debug' })
    levels.change({ level: 'silent', service: 'db' })
    const told = levels.change({ level: 'default', service: 'api' })

    expect(told).toEqual({ level: 'debug', services: { db: 'silent' } })
    expect(levels.all()).toEqual(told)
    expect(['api', 'db'].map(levels.of)).toEqual(['debug', 'silent'])
    expect(changes).toBe(3)
  })

  it.each([
    [undefined, 'BAD_LOG_LEVEL'],
    [{ level: 'loud' }, 'BAD_LOG_LEVEL'],
    [{ level: 'default' }, 'BAD_LOG_LEVEL'],
    [{ level: 'info', service: 7 }, 'BAD_LOG_LEVEL'],
    [{ level: 'info', service: 'nobody' }, 'UNKNOWN_SERVICE'],
    [{ level: 'default', service: 'constructor' }, 'UNKNOWN_SERVICE'],
  ])('refuses %j, and stays as it is (I2)', (change, code) => {
    let changes = 0
    const levels = book({ changed: () => changes++ })

    expect(() => levels.change(change)).toThrow(expect.objectContaining({ code }))
    expect(levels.all()).toEqual({ level: 'info', services: { api: 'warn' } })
    expect(changes).toBe(0)
  })

  it('keeps what was changed by hand when the file is read again and says the same, but not for services that went (I2)', () => {
    const levels = book()
    levels.change({ level: 'debug' })
    levels.change({ level: 'silent', service: 'db' })

    levels.reread({ level: 'info', services: { api: 'warn' } }, ['api', 'new'])

    expect(levels.all()).toEqual({ level: 'debug', services: { api: 'warn' } })
    expect(() => levels.change({ level: 'info', service: 'db' })).toThrow()
    expect(levels.change({ level: 'warn', service: 'new' }).services).toMatchObject({ new: 'warn' })
  })

  it('takes what the file says when that has changed', () => {
    let changes = 0
    const levels = book({ changed: () => changes++ })
    levels.change({ level: 'debug' })

    levels.reread({ level: 'error', services: { db: 'warn' } }, ['api', 'db'])

    expect(levels.all()).toEqual({ level: 'error', services: { db: 'warn' } })
    expect(changes).toBe(2)
  })
})
