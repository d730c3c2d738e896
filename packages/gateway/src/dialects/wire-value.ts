import { record } from '../json-value.ts'

/** A JSON object of a wire, as it was parsed. */
export type WireObject = Readonly<Record<string, unknown>>

/** The value as text; empty where it is none. */
export function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** The objects of a list; empty where it is none. */
export function objects(value: unknown): WireObject[] {
  return Array.isArray(value) ? value.map((each) => record(each) ?? {}) : []
}

/** The value as a number; `undefined` where it is none that JSON has. */
export function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/** The entries that say something: `null` says as much as nothing. */
export function said(body: WireObject): [string, unknown][] {
  return Object.entries(body).filter(([, value]) => value !== null && value !== undefined)
}

/** The object without what is `undefined`, so that it can be held against one that was parsed. */
export function withoutGaps(body: WireObject): Record<string, unknown> {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined))
}
