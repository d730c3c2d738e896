import { describe, expect, it } from 'vitest'
import { lines } from '../../packages/governor/src/output/lines.ts'
import { type ChildRecord, childLine } from '../../packages/telemetry/src/lines/index.ts'

const records = (text: string): ChildRecord[] => {
  const found: ChildRecord[] = []
  const reader = lines({ line: (line) => found.push(childLine(line, { service: 's', stream: 'stdout' })!) })
  reader.write(Buffer.from(`${text}\n`))
  reader.end()
  return found
}
const entry = (padding: number): string =>
  JSON.stringify({
    level: 50,
    correlation_id: 'c-1',
    msg: 'x'.repeat(padding),
    auth: 'hunter2',
    pass: 'hunter2',
  })

/** Lines were cut after 64 Ki characters: what stood behind was told as another line, secrets, level and ids as they came. */
describe('a long line of JSON that a service writes', () => {
  it('is one record, with its level and ids, and without its secrets', () => {
    const [record, ...others] = records(entry(100_000))

    expect(others).toEqual([])
    expect(record).toMatchObject({ level: 'error', fields: { correlation_id: 'c-1', auth: '[redacted]' } })
    expect(JSON.stringify(record)).not.toContain('hunter2')
  })

  it('hides its secrets where it is too long to be one record', () => {
    const found = records(entry(1_200_000))

    expect(found).toHaveLength(2)
    expect(JSON.stringify(found)).not.toContain('hunter2')
  })
})
