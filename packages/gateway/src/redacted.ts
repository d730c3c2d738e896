const shapes = /\b(?:sk|pk|rk|key|gsk|xai|AIza|ghp|hf)[-_][A-Za-z0-9_\-*.]{6,}|\bBearer\s+[^\s"',]+/g

/** The text without the key that was sent and without anything that looks like one: providers repeat keys in their errors. */
export function redacted(text: string, key?: string): string {
  const known = key && key.length >= 4 ? text.replaceAll(key, '[key]') : text
  return known.replace(shapes, '[key]')
}
