import type { Prefill } from '../stream/prefill.ts'
import { type ModelFacts, models } from './models.ts'
import { providers } from './providers.ts'

/** What a model can do. What is `undefined` is not known, and is tried. */
export interface Capabilities {
  readonly tools?: boolean | undefined
  readonly vision?: boolean | undefined
  /** Tokens. */
  readonly context?: number | undefined
  /** How it goes on with the beginning of an answer; `false`: not at all. */
  readonly prefill?: Prefill | false | undefined
}

/** What is known of a model behind a host; what is `said` of it stands before that. */
export function capabilities(model: string, host: string, said: Capabilities = {}): Capabilities {
  const name = model.slice(model.lastIndexOf('/') + 1).toLowerCase()
  const rows = models.filter((row) => row.name.test(name))
  const sized = rows.find((row) => row.context && row.host && hostOf(row.host) === host)
  return {
    tools: said.tools ?? first(rows, 'tools'),
    vision: said.vision ?? (seesByName.test(name) ? true : first(rows, 'vision')),
    context: said.context ?? sized?.context?.value,
    prefill: said.prefill ?? first(rows, 'prefill'),
  }
}

/** Somebody's eyes on somebody else's model: `llama-3.1-nemotron-nano-vl-8b`. */
const seesByName = /(^|[-_.:])(vl|vision|vlm|omni|llava)/

function first<K extends 'tools' | 'vision' | 'prefill'>(
  rows: readonly ModelFacts[],
  key: K,
): NonNullable<ModelFacts[K]>['value'] | undefined {
  return rows.find((row) => row[key] !== undefined)?.[key]?.value
}

function hostOf(provider: NonNullable<ModelFacts['host']>): string {
  return new URL(providers[provider].url.value).hostname
}
