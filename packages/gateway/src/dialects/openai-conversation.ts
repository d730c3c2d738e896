import { record } from '../json-value.ts'
import { reasoningOf } from './reasoning.ts'
import { unknownTo } from './untranslatable.ts'
import { objects, text, type WireObject } from './wire-value.ts'

export const openaiWire = 'OpenAI chat completions'

/**
 * The instructions and turns of Anthropic's wire as messages of OpenAI's. Several instructions become one message, since the templates of many
 * models take a single one; a tool's result becomes a message of its own, and pictures in it go to the user's message that follows, since a tool
 * can only answer with text there. `thinking`: whether what was thought goes along.
 */
export function openaiMessages(body: WireObject, thinking: boolean): WireObject[] {
  const system = typeof body['system'] === 'string' ? body['system'] : instructions(body['system'], 'system')
  const turns = objects(body['messages']).flatMap((message, nth) => {
    const at = `messages[${nth}]`
    const { role, content } = message
    if (role === 'assistant') return spoken(content, at, thinking)
    if (role === 'system')
      return [{ role: 'system', content: typeof content === 'string' ? content : instructions(content, at) }]
    if (role === 'user') return asked(content, at)
    throw unknownTo(openaiWire, `${at}.role: ${text(role) || 'none'}`)
  })
  return [...(system === '' ? [] : [{ role: 'system', content: system }]), ...turns]
}

function instructions(blocks: unknown, at: string): string {
  return objects(blocks)
    .map((block, nth) => {
      if (block['type'] !== 'text') throw unknownTo(openaiWire, `${at}[${nth}].type: ${text(block['type'])}`)
      return text(block['text'])
    })
    .join('\n\n')
}

function asked(content: unknown, at: string): WireObject[] {
  if (typeof content === 'string') return [{ role: 'user', content }]
  const results: WireObject[] = []
  const parts: WireObject[] = []
  for (const [nth, block] of objects(content).entries()) {
    const place = `${at}.content[${nth}]`
    if (block['type'] !== 'tool_result') {
      parts.push(partOf(block, place))
      continue
    }
    const said = resultParts(block['content'], place)
    results.push({
      role: 'tool',
      tool_call_id: text(block['tool_use_id']),
      content: said.flatMap((part) => (part['type'] === 'text' ? [text(part['text'])] : [])).join('\n'),
    })
    parts.push(...said.filter(({ type }) => type !== 'text'))
  }
  return parts.length > 0 ? [...results, { role: 'user', content: plain(parts) }] : results
}

function resultParts(content: unknown, at: string): WireObject[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  return objects(content).map((block, nth) => partOf(block, `${at}.content[${nth}]`))
}

/** One text is said as text: not every server takes a list. */
function plain(parts: readonly WireObject[]): unknown {
  return parts.length === 1 && parts[0]!['type'] === 'text' ? parts[0]!['text'] : parts
}

function partOf(block: WireObject, at: string): WireObject {
  const source = record(block['source'])
  const inline =
    source?.['type'] === 'base64' ? `data:${text(source['media_type'])};base64,${text(source['data'])}` : ''
  switch (`${text(block['type'])} ${text(source?.['type'])}`) {
    case 'text ':
      return { type: 'text', text: text(block['text']) }
    case 'image base64':
      return { type: 'image_url', image_url: { url: inline } }
    case 'image url':
      return { type: 'image_url', image_url: { url: text(source?.['url']) } }
    case 'document base64':
      return { type: 'file', file: { filename: text(block['title']) || 'document.pdf', file_data: inline } }
    case 'document text':
      return { type: 'text', text: text(source?.['data']) }
    default:
      throw unknownTo(
        openaiWire,
        `${at}.${source ? 'source.' : ''}type: ${text((source ?? block)['type']) || 'none'}`,
      )
  }
}

function spoken(content: unknown, at: string, thinking: boolean): WireObject[] {
  if (typeof content === 'string') return [{ role: 'assistant', content }]
  const words: string[] = []
  const thoughts: WireObject[] = []
  const calls: WireObject[] = []
  for (const [nth, block] of objects(content).entries()) {
    if (block['type'] === 'text') words.push(text(block['text']))
    else if (block['type'] === 'thinking' || block['type'] === 'redacted_thinking') thoughts.push(block)
    else if (block['type'] === 'tool_use') calls.push(callOf(block))
    else throw unknownTo(openaiWire, `${at}.content[${nth}].type: ${text(block['type']) || 'none'}`)
  }
  const said = words.join('')
  if (said === '' && calls.length === 0 && thoughts.length === 0) return []
  return [
    {
      role: 'assistant',
      content: said === '' && calls.length > 0 ? null : said,
      ...(thinking && reasoningOf(thoughts)),
      ...(calls.length > 0 && { tool_calls: calls }),
    },
  ]
}

/** A call of a tool as the OpenAI wire has it. */
export function callOf(block: WireObject): WireObject {
  return {
    id: text(block['id']),
    type: 'function',
    function: { name: text(block['name']), arguments: JSON.stringify(block['input'] ?? {}) },
  }
}
