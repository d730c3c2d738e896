import type { Family } from '@holdfast/telemetry'

/** Families, and what tells their samples from those of the same name elsewhere. */
export interface LabelledFamilies {
  readonly labels: Readonly<Record<string, string>>
  readonly families: readonly Family[]
}

/** Families of the same name as one each, each sample with the labels of where it is from. */
export function joinedFamilies(all: readonly LabelledFamilies[]): Family[] {
  const found = new Map<string, { readonly family: Family; readonly samples: Family['samples'][number][] }>()
  for (const { labels, families } of all) {
    for (const family of families) {
      const known = found.get(family.name) ?? { family, samples: [] }
      found.set(family.name, known)
      for (const sample of family.samples)
        known.samples.push({ ...sample, labels: { ...labels, ...sample.labels } })
    }
  }
  return [...found.values()].map(({ family, samples }) => ({ ...family, samples }) as Family)
}

/** Samples of a piece. */
const piece = 100

/** Families in pieces that fit into a message; `joinedFamilies` puts them together again. */
export function inPieces(families: Iterable<Family>): Family[] {
  return [...families].flatMap((family) => {
    if (family.samples.length <= piece) return family
    const count = Math.ceil(family.samples.length / piece)
    return Array.from({ length: count }, (_, nth) => {
      const samples = family.samples.slice(nth * piece, (nth + 1) * piece)
      return { ...family, samples } as Family
    })
  })
}

/** Families as they were before they were sent as JSON, which has no word for what is no number, nor for nothing. */
export function fromJson(families: readonly Family[]): Family[] {
  return families.map((family) => {
    if (family.type !== 'histogram') {
      const samples = family.samples.map((each) => ({ ...each, value: each.value ?? Number.NaN }))
      return { ...family, samples }
    }
    const samples = family.samples.map(({ exemplars = [], ...rest }) => ({
      ...rest,
      exemplars: exemplars.map((each) => each ?? undefined),
    }))
    return { ...family, samples }
  })
}
