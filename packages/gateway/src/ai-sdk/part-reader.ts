import type { Chunk } from '../completion-stream.ts'
import { ProviderFailure } from '../provider-failure.ts'
import { Continuation, type Decided } from '../stream/continuation.ts'
import { plainContent } from '../stream/plain-content.ts'
import type { Spliced } from '../transcript.ts'
import { type Finish, isUnfinished, type Part } from './language-model.ts'
import type { Listener } from './listener.ts'
import { modelFailure } from './model-failure.ts'
import { plainChunk, richChunk } from './plain-chunk.ts'

/** As in the gateway's own reader of streams: nothing yet; held against what the caller has; not known yet whether it goes on or starts over; for the caller. */
type Way =
  | { readonly is: 'fresh' }
  | { readonly is: 'catching-up' }
  | { readonly is: 'taking-up'; readonly continuation: Continuation }
  | { readonly is: 'passing' }

/**
 * The parts of one attempt: kept back until the first content, then passed on as they come. Where the caller has a beginning already, from an
 * earlier attempt, it goes on where that one broke off, or fails with `DIVERGED`.
 *
 * I1  `finish` is passed on only when the caller has the whole answer.
 * I2  From the first piece of a call of a tool that the caller has to run, everything is kept back until the end: it gets the whole call or nothing of it.
 * I3  Who takes over goes on in the caller's open block of text, and adds no thoughts of its own.
 */
export class PartReader {
  readonly #link: string
  readonly #listener: Listener
  readonly #takesOver: boolean
  readonly #providers = new Set<string>()
  #way: Way
  #held: Part[] = []
  #untilWhole = false
  #text: string | undefined
  #metadata: Part | undefined
  #began = false
  #whole = false

  /** `continues`: it was given what the caller has, to go on with it. */
  constructor(link: string, listener: Listener, continues: boolean) {
    const { transcript } = listener
    this.#link = link
    this.#listener = listener
    this.#takesOver = transcript.started
    this.#text = listener.text
    if (!transcript.started) this.#way = { is: 'fresh' }
    else if (continues) this.#way = { is: 'taking-up', continuation: new Continuation(transcript.text) }
    else {
      this.#way = { is: 'catching-up' }
      transcript.resume()
    }
  }

  /** Whether it has said anything at all. */
  get began(): boolean {
    return this.#began
  }

  get whole(): boolean {
    return this.#whole
  }

  /** What is for the caller now. Throws a `ProviderFailure` where the attempt has failed. */
  take(part: Part): readonly Part[] {
    this.#began ||= says(part)
    switch (part.type) {
      case 'error':
        throw modelFailure(part.error, this.#link)
      case 'finish':
        return this.#finish(part)
      case 'text-delta':
        return part.delta === '' ? [] : this.#content(part, part.delta)
      case 'reasoning-delta':
        return part.delta === '' ? this.#quiet(part) : this.#thought(part)
      case 'tool-input-start':
        if (part.providerExecuted) this.#providers.add(part.id)
        return part.providerExecuted ? this.#rich(part) : this.#keep(part)
      case 'tool-input-delta':
      case 'tool-input-end':
        return this.#providers.has(part.id) ? this.#rich(part) : this.#keep(part)
      case 'tool-call':
        return part.providerExecuted ? this.#rich(part) : this.#keep(part)
      case 'tool-result':
      case 'tool-approval-request':
      case 'file':
      case 'reasoning-file':
      case 'source':
        return this.#rich(part)
      default:
        return this.#quiet(part)
    }
  }

  #quiet(part: Part): Part[] {
    const passing = this.#way.is === 'passing'
    if (this.#way.is === 'fresh') this.#held.push(part)
    else if (!this.#takesOver || part.type === 'raw' || part.type === 'ping')
      return passing ? this.#give(part) : []
    else if (part.type === 'response-metadata') {
      if (passing) return this.#give(part)
      this.#metadata = part
    } else if (part.type === 'text-end' && passing) return this.#endText()
    return []
  }

  #thought(part: Part): Part[] {
    if (this.#takesOver) return []
    const released = this.#pass()
    if (!this.#untilWhole) this.#listener.transcript.sent(plainChunk(''))
    return [...released, ...this.#give(part)]
  }

  #content(part: Part, text: string): Part[] {
    const { transcript } = this.#listener
    switch (this.#way.is) {
      case 'catching-up':
        return this.#splice(plainChunk(text))
      case 'taking-up':
        return this.#continue(this.#way.continuation.take(plainChunk(text)))
    }
    const released = this.#pass()
    if (transcript.joining) return this.#append(plainChunk(text))
    if (!this.#untilWhole) transcript.sent(plainChunk(text))
    return [...released, ...(this.#takesOver ? this.#say(text) : this.#give(part))]
  }

  /** Nobody can go on after it, since nobody else says the same; and it goes on with nobody. */
  #rich(part: Part): Part[] {
    if (this.#takesOver && this.#way.is !== 'passing') throw this.#diverged()
    const released = this.#pass()
    if (!this.#untilWhole) this.#listener.transcript.sent(richChunk)
    return [...released, ...this.#give(part)]
  }

  /** I2. The beginning of an answer that calls a tool is compared no further than its text. */
  #keep(part: Part): Part[] {
    const { transcript } = this.#listener
    let taken: Part[] = []
    if (this.#way.is === 'taking-up') {
      if (this.#way.continuation.open) throw this.#diverged()
      transcript.goOn()
      taken = this.#takeUp()
    } else if (this.#way.is === 'catching-up') {
      if (!transcript.caughtUp) throw this.#diverged()
      taken = this.#takeUp()
    }
    this.#way = { is: 'passing' }
    this.#untilWhole = true
    this.#held.push(part)
    return taken
  }

  #finish(part: Finish): Part[] {
    if (isUnfinished(part.finishReason, true)) throw this.#cut()
    const end = plainChunk('', true)
    const caught: Part[] = []
    if (this.#way.is === 'taking-up') caught.push(...this.#continue(this.#way.continuation.take(end)))
    else if (this.#way.is === 'catching-up') caught.push(...this.#splice(end))
    if (this.#takesOver && !this.#listener.transcript.caughtUp) throw this.#diverged()
    this.#untilWhole = false
    this.#whole = true
    return [
      ...caught,
      ...this.#pass(),
      ...this.#give(...this.#takeHeld()),
      ...this.#endText(),
      ...this.#give(part),
    ]
  }

  /** The provider has closed the stream, which `finish` would have ended. */
  ended(): ProviderFailure {
    return this.#cut()
  }

  /** The caller has the beginning from an attempt before this one, and this one repeats it. */
  #splice(chunk: Chunk): Part[] {
    return this.#added((transcript) => transcript.splice(chunk))
  }

  #append(chunk: Chunk): Part[] {
    return this.#added((transcript) => transcript.append(chunk))
  }

  #added(add: (transcript: Listener['transcript']) => Spliced): Part[] {
    const { transcript } = this.#listener
    const before = transcript.text.length
    const spliced = add(transcript)
    if (spliced.is === 'other') throw this.#diverged()
    if (spliced.is === 'known') return []
    const taken = this.#way.is === 'passing' ? [] : this.#takeUp()
    return [...taken, ...this.#say(transcript.text.slice(before))]
  }

  /** This attempt was given what the caller has. */
  #continue(decided: Decided | undefined): Part[] {
    if (!decided) return []
    const { transcript } = this.#listener
    if (decided.is === 'anew') {
      this.#way = { is: 'catching-up' }
      transcript.resume()
    } else transcript.goOn()
    const taken = decided.is === 'anew' ? [] : this.#takeUp()
    const said = decided.chunks
      .filter((chunk) => plainContent(chunk)?.text)
      .flatMap((chunk) => (this.#way.is === 'catching-up' ? this.#splice(chunk) : this.#append(chunk)))
    return [...taken, ...said]
  }

  /** From now on its parts are for a caller who has the beginning from somebody else. */
  #takeUp(): Part[] {
    this.#way = { is: 'passing' }
    const metadata = this.#metadata ? [this.#metadata] : []
    return this.#give(...this.#listener.unfinishedThoughts(), ...metadata)
  }

  /** From now on its parts are for the caller; what was kept back before the first content comes first. */
  #pass(): Part[] {
    if (this.#way.is !== 'fresh') return []
    this.#way = { is: 'passing' }
    return this.#untilWhole ? [] : this.#give(...this.#takeHeld())
  }

  #say(text: string): Part[] {
    if (text === '') return []
    const begin: Part[] =
      this.#text === undefined ? [{ type: 'text-start', id: `${this.#link}-taken-up` }] : []
    this.#text ??= `${this.#link}-taken-up`
    return this.#give(...begin, { type: 'text-delta', id: this.#text, delta: text })
  }

  #endText(): Part[] {
    const id = this.#text
    this.#text = undefined
    return id === undefined || !this.#takesOver ? [] : this.#give({ type: 'text-end', id })
  }

  #give(...parts: Part[]): Part[] {
    if (this.#untilWhole) {
      this.#held.push(...parts)
      return []
    }
    for (const part of parts) this.#listener.given(part)
    return parts
  }

  #takeHeld(): Part[] {
    const held = this.#held
    this.#held = []
    return held
  }

  #diverged(): ProviderFailure {
    return new ProviderFailure({
      class: 'permanent',
      message: `${this.#link} began another answer than the one that broke off`,
      code: 'DIVERGED',
    })
  }

  #cut(): ProviderFailure {
    return new ProviderFailure({
      class: 'transient',
      message: `${this.#link} broke off in the middle of the answer`,
      code: 'CUT',
    })
  }
}

/** Whether a part says something, as against announcing, closing or describing what does. */
export function says(part: Part): boolean {
  switch (part.type) {
    case 'text-delta':
    case 'reasoning-delta':
      return part.delta !== ''
    case 'stream-start':
    case 'response-metadata':
    case 'text-start':
    case 'text-end':
    case 'reasoning-start':
    case 'reasoning-end':
    case 'custom':
    case 'raw':
    case 'ping':
    case 'error':
      return false
    default:
      return true
  }
}
