import { record } from '../json-value.ts'
import { Untranslatable, unknownTo } from './untranslatable.ts'
import { objects, text, type WireObject } from './wire-value.ts'

export const anthropicWire = 'Anthropic messages'

/**
 * The content of a message of the OpenAI wire as blocks of Anthropic's (https://platform.claude.com/docs/en/api/messages/create). A text that is
 * empty is left out, since Anthropic takes none. Throws `Untranslatable` for what only OpenAI's wire can carry, such as sound.
 */
export function blocksOf(content: unknown, at: string): WireObject[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }]
  return objects(content).flatMap((part, nth): WireObject[] => {
    const block = blockOf(part, `${at}[${nth}]`)
    if (block['type'] === 'text' && block['text'] === '') return []
    return [part['cache_control'] ? { ...block, cache_control: part['cache_control'] } : block]
  })
}

function blockOf(part: WireObject, at: string): WireObject {
  switch (part['type']) {
    case 'text':
      return { type: 'text', text: text(part['text']) }
    case 'refusal':
      return { type: 'text', text: text(part['refusal']) }
    case 'image_url':
      return {
        type: 'image',
        source: sourceOf(text(record(part['image_url'])?.['url']), `${at}.image_url.url`),
      }
    case 'file':
      return documentOf(record(part['file']) ?? {}, at)
    default:
      throw unknownTo(anthropicWire, `${at}.type: ${text(part['type']) || 'none'}`)
  }
}

function sourceOf(url: string, at: string): WireObject {
  const inline = /^data:([^;,]+);base64,(.*)$/s.exec(url)
  if (inline) return { type: 'base64', media_type: inline[1], data: inline[2] }
  if (/^https?:\/\//i.test(url)) return { type: 'url', url }
  throw new Untranslatable(at, 'must be a web address, or a data: URL in base64.')
}

function documentOf({ file_data: data, filename }: WireObject, at: string): WireObject {
  if (typeof data !== 'string') throw unknownTo(anthropicWire, `${at}.file.file_id`)
  const source = sourceOf(data, `${at}.file.file_data`)
  if (source['media_type'] !== 'application/pdf') throw unknownTo(anthropicWire, `${at}.file.file_data`)
  return { type: 'document', source, ...(typeof filename === 'string' && { title: filename }) }
}
