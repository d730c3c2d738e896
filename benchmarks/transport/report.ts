/** One figure of one wire. */
export interface Row {
  readonly library: string
  readonly name: string
  readonly unit: 'calls/s' | 'µs of CPU' | 'ms'
  readonly value: number
  /** The worst, where it matters. */
  readonly max?: number
  /** Of the bare driver's, in the median of the rounds. */
  readonly ratio?: number
}

export type Rows = Readonly<Record<string, readonly Row[]>>

/** A figure that Holdfast promises. */
export interface Promised {
  readonly name: string
  readonly value: number
  readonly target: number
  readonly holds: boolean
}

/** What Holdfast promises, held against the rows; each wire adds its own. */
export function promises(rows: Rows): Promised[] {
  const kinds = ['select', 'transaction'].flatMap((kind) => [1, 20].map((n) => `${kind}, ${n} in flight`))
  const { postgres = [] } = rows
  const of = (name: string) =>
    postgres.find((row) => row.library === 'holdfast' && row.name === name && row.unit === 'calls/s')
  const databases = kinds.flatMap((name) => {
    const ratio = of(name)?.ratio
    return ratio === undefined ? [] : [least(`postgres: calls/s of bare pg's, ${name}`, ratio, 0.95)]
  })
  return [
    ...databases,
    ...zeromqPromises(rows['zeromq'] ?? []),
    ...grpcPromises(rows['grpc'] ?? []),
    ...fetchPromises(rows['fetch'] ?? []),
  ]
}

function fetchPromises(rows: readonly Row[]): Promised[] {
  const ours = rows.filter(({ library, name }) => library === 'holdfast' && name.endsWith('over bare'))
  return ours.map(({ name, value }) => most(`fetch: µs of CPU, ${name}`, value, 15))
}

function grpcPromises(rows: readonly Row[]): Promised[] {
  if (rows.length === 0) return []
  const of = (library: string, name: string, unit: Row['unit']) =>
    rows.find((row) => row.library === library && row.name === name && row.unit === unit)!
  const cpu = (library: string) => of(library, 'unary, 50 in flight', 'µs of CPU').value
  const recovery = of('holdfast', 'killed, ready to answer, median', 'ms')
  return [
    least(
      "grpc: calls/s of bare grpc-js's, 50 in flight",
      of('holdfast', 'unary, 50 in flight', 'calls/s').ratio!,
      0.9,
    ),
    most("grpc: µs of the client's CPU over bare, 50 in flight", cpu('holdfast') - cpu('grpc-js'), 15),
    most('grpc: ms, server ready to first answer', recovery.value, 50),
  ]
}

function zeromqPromises(rows: readonly Row[]): Promised[] {
  if (rows.length === 0) return []
  const of = (library: string, name: string) =>
    rows.find((row) => row.library === library && row.name === name)!
  const many = of('holdfast', '50 in flight')
  const times = (name: string) => of('holdfast', name).value / of('REQ/REP', name).value
  const recoveries = rows.filter(({ library, unit }) => library === 'holdfast' && unit === 'ms')
  return [
    least("zeromq: calls/s of a bare pair's, 50 in flight", many.ratio!, 0.9),
    least("zeromq: times REQ's calls/s, 50 in flight", times('50 in flight'), 7),
    most("zeromq: times REQ's time, 1 in flight", 1 / times('1 in flight'), 1.05),
    ...recoveries.map(({ name, value }) => most(`zeromq: ms, ${name}`, value, 10)),
    ...recoveries.map(({ name, max }) => most(`zeromq: ms at worst, ${name}`, max!, 25)),
  ]
}

/** The rows and promises for a person to read. */
export function table(rows: Rows, promised: readonly Promised[]): string {
  const groups = Object.entries(rows).flatMap(([wire, all]) => ['', wire, ...all.map(line)])
  const verdicts = promised.map(
    ({ name, value, target, holds }) =>
      `${name.padEnd(62)}${value.toFixed(2).padStart(10)}  (target ${target}): ${holds ? 'holds' : 'MISSED'}`,
  )
  return [`${''.padEnd(72)}median           worst    of bare`, ...groups, '', ...verdicts].join('\n')
}

function line({ library, name, unit, value, max, ratio }: Row): string {
  const figures = [
    `${value.toFixed(1)} ${unit}`.padStart(22),
    (max?.toFixed(1) ?? '').padStart(12),
    (ratio?.toFixed(3) ?? '').padStart(11),
  ]
  return `  ${name.padEnd(36)}${library.padEnd(28)}${figures.join('')}`.trimEnd()
}

function least(name: string, value: number, target: number): Promised {
  return { name, value: Math.round(value * 1_000) / 1_000, target, holds: value >= target }
}

function most(name: string, value: number, target: number): Promised {
  return { name, value: Math.round(value * 1_000) / 1_000, target, holds: value <= target }
}
