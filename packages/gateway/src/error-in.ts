import { record } from './json-value.ts'

/**
 * The error that stands in an answer, or in a chunk of one, which came as a success: at its top, or in a choice that the provider gave up
 * (OpenRouter says `finish_reason: "error"` there). `undefined` where there is none.
 */
export function errorIn(
  json: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> | undefined {
  const choices = Array.isArray(json['choices']) ? json['choices'].map(record) : []
  const gaveUp = choices.find((choice) => choice?.['error'] || choice?.['finish_reason'] === 'error')
  const error = json['error'] ?? gaveUp?.['error'] ?? (gaveUp && 'the answer was given up')
  return record(error) ?? (typeof error === 'string' && error !== '' ? { message: error } : undefined)
}
