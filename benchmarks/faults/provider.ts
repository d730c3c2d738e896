import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { words } from './answer.ts'
import { anthropicWire } from './anthropic-wire.ts'
import { openaiWire } from './openai-wire.ts'
import type { Act, Asked, Role, Scenario } from './scenario.ts'
import { event, type Wire } from './wire.ts'

/** What a scenario's two providers were asked since it began. */
export interface Stage {
  /** Where the gateway finds the provider of a role. */
  url(role: Role): string
  /** Whether the gateway is told that the fallback goes on with a prefill. */
  readonly prefill: boolean
  readonly seen: readonly Asked[]
  /** The clock of the scenario starts; before that both are well, and nothing is counted. */
  begin(): void
  /** From now on both are well. */
  heal(): void
}

/** All providers of all scenarios on one real socket: they speak OpenAI's wire, or Anthropic's to who asks for messages, and do what their scenario says. */
export interface Provider {
  stage(name: string, scenario: Scenario): Stage
  close(): Promise<void>
}

/** `pace` is between words, in ms. */
export async function provider(pace = 15): Promise<Provider> {
  const stages = new Map<string, (role: Role, turn: Turn) => void>()
  const server = createServer(async (request, response) => {
    const [, name = '', role] = (request.url ?? '').split('/')
    const body = JSON.parse(await textOf(request)) as Turn['body']
    const wire = request.url?.endsWith('/messages') ? anthropicWire : openaiWire
    stages.get(name)?.(role as Role, { request, response, body, pace, wire })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    stage(name, { act, prefill = false }) {
      const seen: Asked[] = []
      let began = performance.now()
      let well = true
      stages.set(name, (role, turn) => {
        if (well) return void play({ does: 'answer' }, role, turn)
        const nth = 1 + seen.filter((each) => each.role === role).length
        const prefilled = turn.body.messages.at(-1)?.role === 'assistant'
        const asked = { role, nth, at: performance.now() - began, prefilled }
        seen.push(asked)
        void play(act(asked), role, turn)
      })
      return {
        seen,
        prefill,
        url: (role) => `${origin}/${name}/${role}/v1`,
        begin: () => {
          began = performance.now()
          well = false
        },
        heal: () => {
          well = true
        },
      }
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

interface Turn {
  readonly wire: Wire
  readonly pace: number
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly body: {
    readonly stream?: boolean
    readonly stream_options?: { readonly include_usage?: boolean }
    readonly messages: readonly { readonly role: string }[]
  }
}

async function play(act: Act, role: Role, { request, response, body, pace, wire }: Turn): Promise<void> {
  const stream = body.stream === true
  const speaker = { response, role, pace, wire, usage: body.stream_options?.include_usage === true }
  switch (act.does) {
    case 'answer':
      return stream ? speak(speaker, { words: words.length, end: 'done' }) : whole(speaker)
    case 'refuse': {
      const again = act.retryAfter === undefined ? {} : { 'retry-after': String(act.retryAfter) }
      response.writeHead(act.status, { 'content-type': 'application/json', ...again })
      response.end(JSON.stringify(wire.refusal(act.code)))
      return
    }
    case 'reset':
      return void request.socket.resetAndDestroy()
    case 'be silent':
      await left(response, act.for)
      return void response.destroy()
    case 'think':
      response.writeHead(200, { 'content-type': stream ? 'text/event-stream' : 'application/json' })
      response.flushHeaders()
      await left(response, act.for)
      return stream ? speak(speaker, { words: words.length, end: 'done' }) : whole(speaker)
    case 'cut':
      if (stream) await speak(speaker, { words: act.words, end: 'open' })
      else half(speaker)
      return void response.socket?.destroy()
    case 'stall':
      if (stream) await speak(speaker, { words: act.words, end: 'open' })
      else half(speaker)
      await left(response, act.for)
      return void response.destroy()
    case 'garble':
      if (stream) return speak(speaker, { words: words.length, end: 'done', garbled: act.event })
      return void response.writeHead(200, { 'content-type': 'application/json' }).end('{"choices": [{"mess')
    case 'forget [DONE]':
      return stream ? speak(speaker, { words: words.length, end: 'silent' }) : whole(speaker)
  }
}

interface Speaker {
  readonly wire: Wire
  readonly pace: number
  readonly response: ServerResponse
  readonly role: Role
  readonly usage: boolean
}

interface Speech {
  readonly words: number
  readonly end: 'done' | 'silent' | 'open'
  /** The event, from 1, that is no JSON. */
  readonly garbled?: number
}

async function speak({ response, role, pace, wire, usage }: Speaker, speech: Speech): Promise<void> {
  let events = 0
  const say = (data: object): void => {
    const garbled = ++events === speech.garbled
    response.write(garbled ? 'data: {"choices": [{"del\n\n' : event(data))
  }
  if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const data of wire.begin(role)) say(data)
  for (const word of words.slice(0, speech.words)) {
    say(wire.word(role, word))
    await left(response, pace)
    if (response.destroyed) return
  }
  if (speech.end === 'open') return
  for (const data of wire.finish(role, usage)) say(data)
  response.end(speech.end === 'done' ? wire.last : '')
}

function whole({ response, role, wire }: Speaker): void {
  if (!response.headersSent) response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify(wire.whole(role)))
}

function half({ response, role, wire }: Speaker): void {
  const text = JSON.stringify(wire.whole(role))
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length })
  response.write(text.slice(0, text.length / 2))
}

/** Waits that long, or until nobody listens any more. */
function left(response: ServerResponse, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      response.off('close', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    response.once('close', done)
    if (response.destroyed) done()
  })
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  request.setEncoding('utf8')
  for await (const part of request) text += part
  return text
}
