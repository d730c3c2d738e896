// Which small mistakes in a file would no test notice?
//
//   npm run mutate -- FILE…            names in packages/policy/src, or the beginning of a name and *
//   npm run mutate -- --share 0.1 FILE…   every tenth mutant only
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Mutant, mutants } from './mutants.ts'
import { testsOf, workshop } from './workshop.ts'

const usual = [
  'breaker.ts',
  'breaker-options.ts',
  'circuit-breaker.ts',
  'circuit.ts',
  'state.ts',
  'budget*',
  '*-account.ts',
  'visit.ts',
  'retry*',
  'withheld.ts',
  'waits.ts',
  'timeout.ts',
]
const { values, positionals } = parseArgs({
  options: { share: { type: 'string', default: '1' } },
  allowPositionals: true,
})
const share = Number(values.share)
if (!(share > 0 && share <= 1)) throw new Error(`--share must be above 0 and at most 1, not ${values.share}`)

const shop = workshop()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
process.once('exit', () => shop.close())

const files = readdirSync(shop.source, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.soak.test.ts'))
  .map((name) => join(shop.source, name))
const subjects = files.filter((path) => !path.endsWith('.test.ts') && asked(basename(path)))
if (subjects.length === 0)
  throw new Error(`no file of packages/policy/src is named ${positionals.join(' or ')}`)

const total = { mutants: 0, killed: 0 }
for (const file of subjects) {
  const { tried, survivors } = await judge(file)
  total.mutants += tried
  total.killed += tried - survivors.length
  console.log(`${basename(file)}: ${score(tried - survivors.length, tried)}`)
  for (const survivor of survivors) console.log(`  ${survivor}`)
}
console.log(`all: ${score(total.killed, total.mutants)}`)

/** Changes one thing after the other in a file, and sees whether its tests notice. */
async function judge(file: string): Promise<{ tried: number; survivors: string[] }> {
  const source = readFileSync(file, 'utf8')
  const groups = await timed(testsOf(file, files), file)
  const all = mutants(source).filter(
    (_, index) => Math.floor(index * share) !== Math.floor((index - 1) * share),
  )
  const survivors: string[] = []
  for (const [index, mutant] of all.entries()) {
    writeFileSync(file, source.slice(0, mutant.start) + mutant.to + source.slice(mutant.end))
    if (!(await noticed(groups))) survivors.push(describe(source, mutant))
    if (index % 20 === 19) console.error(`${basename(file)}: ${index + 1} of ${all.length}`)
  }
  writeFileSync(file, source)
  return { tried: all.length, survivors }
}

interface Group {
  readonly tests: readonly string[]
  /** What they may take, in ms: a mutant that makes them slower for long is noticed. */
  readonly limit: number
}

async function timed(groups: readonly string[][], file: string): Promise<Group[]> {
  const all: Group[] = []
  for (const tests of groups) {
    const began = performance.now()
    const ran = await shop.run(tests, 120_000)
    if (ran !== 'passed') {
      await shop.run(tests, 120_000, 'shown')
      throw new Error(`the tests of ${basename(file)} do not pass as they are: ${ran}`)
    }
    all.push({ tests, limit: 3_000 + 3 * (performance.now() - began) })
  }
  return all
}

/** Asks the nearest tests first, and the others only if those see nothing. */
async function noticed(groups: readonly Group[]): Promise<boolean> {
  for (const { tests, limit } of groups) if ((await shop.run(tests, limit)) !== 'passed') return true
  return false
}

function asked(name: string): boolean {
  const patterns = positionals.length === 0 ? usual : positionals.map((path) => basename(path))
  return patterns.some((pattern) => {
    const [before = '', after] = pattern.split('*')
    return after === undefined ? name === pattern : name.startsWith(before) && name.endsWith(after)
  })
}

function describe(source: string, { start, end, to }: Mutant): string {
  const line = source.slice(0, start).split('\n').length
  const from = source.slice(start, end).replace(/\s+/g, ' ')
  return `line ${line}: ${from.length > 60 ? `${from.slice(0, 57)}…` : from}  →  ${to || 'nothing'}`
}

function score(killed: number, tried: number): string {
  return `${killed} of ${tried} noticed${tried === 0 ? '' : `, ${((100 * killed) / tried).toFixed(1)} %`}`
}
