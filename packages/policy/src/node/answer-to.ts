import { isolate, type Kind, reset, statuses } from '../named/registry.ts'

/** Characters of JSON that an answer may have; a socket of Holdfast takes a million in a line. */
const ROOM = 500_000

/** What a process tells of its named things, by kind; `omitted` are those for which there was no room. */
export interface Told {
  readonly kinds: Readonly<Partial<Record<Kind, readonly { readonly name: string }[]>>>
  readonly omitted: number
}

/** The answer to one line of Holdfast's protocol, as a line without its end, or undefined if it asks nothing. It never throws. */
export function answerTo(line: string): string | undefined {
  const asked = parsed(line)
  const { id, call, with: input } = asked
  if (id === undefined || typeof call !== 'string') return undefined
  try {
    return JSON.stringify({ id, ok: act(call, input) })
  } catch (error) {
    const { code = 'CALL_FAILED', message = String(error) } = Object(error) as {
      code?: unknown
      message?: unknown
    }
    return JSON.stringify({ id, error: { code, message } })
  }
}

function act(call: string, input: unknown): unknown {
  if (call === 'policies') return told()
  if (call !== 'reset' && call !== 'isolate') throw failure('UNKNOWN_CALL', `there is no call '${call}'`)
  const { name, kind } = Object(input) as { name?: unknown; kind?: unknown }
  if (typeof name !== 'string') throw failure('BAD_CALL', `${call} needs { name }`)
  return (call === 'reset' ? reset : isolate)(name, kind as Kind | undefined)
}

/** As much as there is room for, the kinds one by one. */
function told(): Told {
  let room = ROOM
  let omitted = 0
  const kinds = Object.entries(statuses()).map(([kind, all]) => {
    const fitting = all.filter((each) => {
      room -= JSON.stringify(each).length + 1
      if (room < 0) omitted++
      return room >= 0
    })
    return [kind, fitting]
  })
  return { kinds: Object.fromEntries(kinds) as Told['kinds'], omitted }
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

function parsed(line: string): { id?: unknown; call?: unknown; with?: unknown } {
  try {
    return Object(JSON.parse(line)) as object
  } catch {
    return {}
  }
}
