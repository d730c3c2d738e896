import { redactText } from '@holdfast/telemetry/lines'

/** The text without the key that was sent and without anything that looks like a secret: providers repeat keys in their errors. */
export function redacted(text: string, key?: string): string {
  return redactText(key && key.length >= 4 ? text.replaceAll(key, '[redacted]') : text)
}
