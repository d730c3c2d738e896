import { asksForStructure, type ChatRequest } from '../chat-request.ts'
import { record } from '../json-value.ts'
import type { Capabilities } from './capabilities.ts'

/** What a request asks for that a model cannot do: the field where it stands, what the model lacks, and the words for whoever wrote it. */
export interface Inability {
  readonly field: string
  readonly lacks: 'tools' | 'vision'
  readonly why: string
}

/** What keeps a model from answering this request, if that is known. What only passes through is for its server to judge. */
export function inability(request: ChatRequest, able: Capabilities): Inability | undefined {
  if (request.passage) return undefined
  if (able.tools === false && asksForStructure(request) === 'tools')
    return { field: 'tools', lacks: 'tools', why: 'takes no tools' }
  if (able.vision === false && showsImages(request))
    return { field: 'messages', lacks: 'vision', why: 'takes no images' }
  return undefined
}

/** Whether there is an image in it, in the form of either wire, and be it in the result of a tool. */
function showsImages({ json, body }: ChatRequest): boolean {
  const { messages } = body
  if (!json.includes('image') || !Array.isArray(messages)) return false
  return messages.flatMap(partsOf).some((part) => isImage(part) || partsOf(part).some(isImage))
}

function partsOf(value: unknown): readonly unknown[] {
  const content = record(value)?.['content']
  return Array.isArray(content) ? content : []
}

function isImage(part: unknown): boolean {
  const type = record(part)?.['type']
  return type === 'image' || type === 'image_url'
}
