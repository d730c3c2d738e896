import type Anthropic from '@anthropic-ai/sdk'
import type OpenAI from 'openai'
import { type Client, clientContract, question, type ToolCall, weather } from './harness/client-contract.ts'
import { curl } from './harness/curl.ts'

/** What was printed is an error of the wire. */
class PrintedError extends Error {
  readonly status: number | undefined

  constructor(message: string, status?: number) {
    super(message)
    this.status = status
  }
}

interface Failed {
  readonly error?: { readonly message: string }
}

/** An answer in one piece. */
async function one<T>(url: string, body: object): Promise<T> {
  const { status, body: printed } = await curl(url, body)
  const answer = JSON.parse(printed) as T & Failed
  if (status !== 200) throw new PrintedError(answer.error?.message ?? '', status)
  return answer
}

/** The events of a stream, as they come; without the last one of its wire it does not end well. */
async function events<T>(url: string, body: object, on: (event: T) => void): Promise<void> {
  let line = ''
  let ended = false
  const print = (text: string): void => {
    const lines = `${line}${text}`.split('\n')
    line = lines.pop() ?? ''
    for (const data of lines.flatMap((each) => (each.startsWith('data: ') ? [each.slice(6)] : []))) {
      ended ||= data === '[DONE]' || data.includes('"message_stop"')
      if (data === '[DONE]') continue
      const event = JSON.parse(data) as T & Failed
      if (event.error) throw new PrintedError(event.error.message)
      on(event)
    }
  }
  const printed = await curl(url, { ...body, stream: true }, print)
  if (printed.status !== 200)
    throw new PrintedError((JSON.parse(printed.body) as Failed).error?.message ?? '', printed.status)
  if (!ended) throw new PrintedError('the stream has no end')
}

const { name, description, schema, result } = weather
const statusOf = (error: unknown): number | undefined =>
  error instanceof PrintedError ? error.status : undefined

function openai(origin: string): Client {
  const url = `${origin}/v1/chat/completions`
  const messages = [{ role: 'user', content: question }]
  const tools = [{ type: 'function', function: { name, description, parameters: schema } }]
  const asked = { model: 'default', messages, tools }
  const messageOf = async (body: object) => (await one<OpenAI.ChatCompletion>(url, body)).choices[0]!.message
  return {
    whole: async (model) => (await messageOf({ model, messages })).content ?? '',
    async streamed(model, heard) {
      let all = ''
      await events<OpenAI.ChatCompletionChunk>(url, { model, messages }, ({ choices }) => {
        const text = choices[0]?.delta.content
        if (text) heard?.(text)
        all += text ?? ''
      })
      return all
    },
    async calls(streams) {
      const calls: { name: string; input: string }[] = []
      const add = (call: Partial<OpenAI.ChatCompletionMessageFunctionToolCall>, index: number): void => {
        calls[index] ??= { name: '', input: '' }
        calls[index].name += call.function?.name ?? ''
        calls[index].input += call.function?.arguments ?? ''
      }
      if (streams)
        await events<OpenAI.ChatCompletionChunk>(url, asked, ({ choices }) => {
          for (const call of choices[0]?.delta.tool_calls ?? []) add(call as object, call.index)
        })
      else
        for (const [nth, call] of ((await messageOf(asked)).tool_calls ?? []).entries())
          add(call as object, nth)
      return calls.map(({ input, ...call }): ToolCall => ({ ...call, input: JSON.parse(input) }))
    },
    async afterCall() {
      const message = await messageOf(asked)
      const results =
        message.tool_calls?.map(({ id }) => ({ role: 'tool', tool_call_id: id, content: result })) ?? []
      return (await messageOf({ ...asked, messages: [...messages, message, ...results] })).content ?? ''
    },
    statusOf,
  }
}

function anthropic(origin: string): Client {
  const url = `${origin}/v1/messages`
  const messages = [{ role: 'user', content: question }]
  const tools = [{ name, description, input_schema: schema }]
  const asked = { model: 'default', max_tokens: 100, messages }
  const textOf = ({ content }: Anthropic.Message): string =>
    content.map((block) => (block.type === 'text' ? block.text : '')).join('')
  const callsOf = ({ content }: Anthropic.Message) => content.filter((block) => block.type === 'tool_use')
  return {
    whole: async (model) => textOf(await one(url, { ...asked, model })),
    async streamed(model, heard) {
      let all = ''
      await events<Anthropic.RawMessageStreamEvent>(url, { ...asked, model }, (event) => {
        if (event.type !== 'content_block_delta' || event.delta.type !== 'text_delta') return
        heard?.(event.delta.text)
        all += event.delta.text
      })
      return all
    },
    async calls(streams) {
      if (!streams)
        return callsOf(await one(url, { ...asked, tools })).map(({ name: tool, input }) => ({
          name: tool,
          input,
        }))
      const calls: { name: string; input: string }[] = []
      await events<Anthropic.RawMessageStreamEvent>(url, { ...asked, tools }, (event) => {
        if (event.type === 'content_block_start' && event.content_block.type === 'tool_use')
          calls.push({ name: event.content_block.name, input: '' })
        if (event.type === 'content_block_delta' && event.delta.type === 'input_json_delta')
          calls.at(-1)!.input += event.delta.partial_json
      })
      return calls.map(({ input, ...call }): ToolCall => ({ ...call, input: JSON.parse(input) }))
    },
    async afterCall() {
      const message = await one<Anthropic.Message>(url, { ...asked, tools })
      const results = callsOf(message).map(({ id }) => ({
        type: 'tool_result',
        tool_use_id: id,
        content: result,
      }))
      const { role, content } = message
      const next = [...messages, { role, content }, { role: 'user', content: results }]
      return textOf(await one(url, { ...asked, tools, messages: next }))
    },
    statusOf,
  }
}

clientContract("plain curl on OpenAI's wire", openai)
clientContract("plain curl on Anthropic's wire", anthropic)
