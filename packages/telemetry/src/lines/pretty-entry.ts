const colors: Readonly<Record<string, number>> = {
  trace: 90,
  debug: 36,
  info: 32,
  warn: 33,
  error: 31,
  fatal: 35,
}
const apart = new Set(['level', 'time', 'service', 'pid', 'msg', 'err', 'trace_id', 'span_id'])

/**
 * An entry of a log as a person likes to read it: `10:00:00.000 info  api  message  key=value`, and under it the error; ends with a newline.
 *
 * Control characters are escaped: what is logged cannot steer the terminal. The time is UTC.
 */
export function prettyEntry(entry: Readonly<Record<string, unknown>>, colored: boolean): string {
  const paint = (code: number, text: string): string =>
    colored && text !== '' ? `\x1b[${code}m${text}\x1b[0m` : text
  const level = visible(String(entry['level'] ?? 'info'))
  const time = /T([\d:.]+)Z$/.exec(String(entry['time']))?.[1] ?? ''
  const fields = Object.entries(entry)
    .filter(([key]) => !apart.has(key))
    .map(([key, value]) => `${paint(90, `${visible(key)}=`)}${visible(shown(value))}`)
  const parts = [
    paint(90, time),
    paint(colors[level] ?? 37, level.padEnd(5)),
    paint(90, visible(String(entry['service'] ?? ''))),
    visible(String(entry['msg'] ?? '')),
    ...fields,
  ].filter((part) => part !== '')
  return `${parts.join(' ')}\n${trail(entry['err'])}`
}

function shown(value: unknown): string {
  return typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value)
}

/** The stack of an error, or its message, and that of its causes, each line indented. */
function trail(error: unknown, depth = 0): string {
  if (typeof error !== 'object' || error === null || depth > 5) return ''
  const { type, stack, message, cause } = error as Readonly<Record<string, unknown>>
  const own = String(stack ?? `${type ?? 'Error'}: ${message ?? JSON.stringify(error)}`)
  const lines = own.split('\n').map((line) => `    ${visible(line)}\n`)
  const because = trail(cause, depth + 1)
  return lines.join('') + (because === '' ? '' : `    caused by\n${because}`)
}

/** With control characters escaped. */
export function visible(text: string): string {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
