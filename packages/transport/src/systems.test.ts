import { outsideSystems } from '@holdfast/policy'
import { describe, expect, it } from 'vitest'
import { classOfStatus, mayRepeat } from './failure.ts'
import { usualFailures } from './fetch/idempotent.ts'
import { addressComplaint, type Fact, systemFacts } from './systems.ts'

const all = outsideSystems.map((system) => ({ system, ...systemFacts(system) }))

describe('systemFacts', () => {
  it.each(all)('names the source of each fact of $system', ({ address, health, limits, retry }) => {
    const told = [address, health, retry, ...limits].filter((fact): fact is Fact<never> => fact !== undefined)

    for (const { source } of told) expect(source).toMatch(/^https:\/\/[^\s]+$/)
  })

  it.each(all)('knows no status of $system that is not a failure to a pipeline', ({ retry }) => {
    for (const status of retry?.value ?? []) {
      expect(usualFailures).toContain(status)
      expect(mayRepeat(classOfStatus(status), true)).toBe(true)
    }
  })

  it.each(all)(
    'has an example of an address of $system that is none to complain of',
    ({ system, address }) => {
      if (address !== undefined) expect(addressComplaint(system, address.value.example)).toBeUndefined()
    },
  )
})

describe('addressComplaint', () => {
  it.each([
    ['intune', 'https://graph.microsoft.com/v1.0'],
    ['intune', 'https://dod-graph.microsoft.us/beta'],
    ['entra_id', 'https://login.microsoftonline.com/tenant'],
    ['sccm', 'https://sccm/adminservice/wmi'],
    ['ansible', 'https://awx.acme.example/api/v2/'],
    ['ansible', 'https://awx.acme.example'],
    ['lmstudio', 'http://mac.local:1234/v1'],
    ['intune', 'http://127.0.0.1:4000'],
    ['sccm', 'http://localhost:1'],
    ['jira', 'https://jira.acme.example/jira'],
    ['external_api', 'http://anything'],
    ['sccm', 'no address at all'],
  ] as const)('has none for %s at %s', (system, address) => {
    expect(addressComplaint(system, address)).toBeUndefined()
  })

  it.each([
    ['intune', 'https://intune.microsoft.com', 'https://graph.microsoft.com/v1.0'],
    ['intune', 'https://graph.microsoft.com.evil.example', 'https://graph.microsoft.com/v1.0'],
    ['entra_id', 'http://graph.microsoft.com', 'https://graph.microsoft.com/v1.0'],
    ['sccm', 'https://sccm.acme.example', 'https://sccm.acme.example/AdminService'],
    ['landscape', 'https://landscape.canonical.com', 'https://landscape.canonical.com/api/'],
    ['lmstudio', 'http://mac.local:1234/v1/chat/completions', 'http://localhost:1234'],
  ] as const)('tells what %s wants instead of %s', (system, address, example) => {
    expect(addressComplaint(system, address)).toContain(`write one like ${example} (https://`)
  })
})
