import { wrap } from '@holdfast/policy'
import { describe, expect, it } from 'vitest'
import { freePort } from '../testing/free-port.ts'
import { heardLegs } from '../testing/heard-legs.ts'
import { postgres } from './postgres.ts'
import { statementLeg } from './statement-leg.ts'

const nameOf = (text: string) => statementLeg(text, 'db:5432').start().name

describe('statementLeg', () => {
  it('says what a statement does, where, and nothing else of it', () => {
    expect(statementLeg("select 'hunter2'", 'db.internal:5433').start()).toEqual({
      kind: 'client',
      name: 'SELECT',
      attributes: {
        'db.system.name': 'postgresql',
        'db.operation.name': 'SELECT',
        'server.address': 'db.internal',
        'server.port': 5433,
      },
    })
    expect(['-- why\n/* not */ (INSERT', ' with x as (', 'hunter2', '', "'"].map(nameOf)).toEqual([
      ...['INSERT', 'WITH', 'postgresql', 'postgresql', 'postgresql'],
    ])
    expect(statementLeg('SELECT', '/run/postgresql/.s.PGSQL.5432').start().attributes).toMatchObject({
      'server.address': '/run/postgresql/.s.PGSQL.5432',
    })
  })

  it('tells the state that the server gave', () => {
    const error = Object.assign(new Error('hunter2'), { code: '23505', severity: 'ERROR' })
    const { failed } = statementLeg('INSERT', 'db:5432')

    expect(failed?.(new Error('x', { cause: error }))).toEqual({
      'db.response.status_code': '23505',
      'error.type': '23505',
    })
    expect(failed?.(new Error('x'))).toEqual({})
  })

  it('is a leg of each attempt at a statement, and at a transaction', async () => {
    using heard = heardLegs()
    await using db = postgres({
      url: `postgres://me:hunter2@127.0.0.1:${await freePort()}/x`,
      pipeline: wrap(),
    })
    await expect(db.query("SELECT 'hunter2'")).rejects.toThrow()
    await expect(db.transaction(() => 1)).rejects.toThrow()

    expect(heard.all.map(({ name, end }) => [name, end?.is, end?.attributes])).toEqual([
      ['SELECT', 'failed', { 'holdfast.failure': 'unsent' }],
      ['TRANSACTION', 'failed', { 'holdfast.failure': 'unsent' }],
    ])
    expect(JSON.stringify(heard.all.map(({ end: _, ...start }) => start))).not.toContain('hunter2')
  })
})
