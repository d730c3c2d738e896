import type { Fact } from '@holdfast/transport'
import type { Prefill } from '../stream/prefill.ts'
import type { Provider } from './providers.ts'

/** What is known of the models whose name matches, and where it is written. What is missing nobody here knows, and is tried. */
export interface ModelFacts {
  /** Of the name without what stands before the last slash, in lower case. */
  readonly name: RegExp
  /** Whether they call tools. */
  readonly tools?: Fact<boolean>
  /** Whether they take images. */
  readonly vision?: Fact<boolean>
  /** How many tokens they take, in the hands of their `host`: others may serve the same model with less. */
  readonly context?: Fact<number>
  readonly host?: Provider
  /** How they go on with the beginning of an answer; `false`: they refuse one. */
  readonly prefill?: Fact<Prefill | false>
}

const claude = 'https://platform.claude.com/docs/en/models/overview'
const claudeNewest = 'https://platform.claude.com/docs/en/models/haiku-5-5/overview'
const claude55 = 'https://platform.claude.com/docs/en/models/sonnet-5-5/migration-guide'
const claudeMigration = 'https://platform.claude.com/docs/en/about-claude/models/migration-guide'
const llama = (version: string) =>
  `https://github.com/meta-llama/llama-models/blob/main/models/${version}/MODEL_CARD.md`
/** Second-hand: a collection of what providers say of their models, at the state of one commit. */
const collected = (path: string) => `https://github.com/anomalyco/models.dev/blob/f3fc69229/${path}.toml`
const anthropic = (model: string) => collected(`providers/anthropic/models/${model}`)
const openai = (model: string) => collected(`providers/openai/models/${model}`)
const gemini = (model: string) => collected(`providers/google/models/${model}`)
const mistral = (model: string) => collected(`providers/mistral/models/${model}`)
const groq = (model: string) => collected(`providers/groq/models/${model}`)
const grok = (model: string) => collected(`providers/xai/models/${model}`)
const open = (model: string) => collected(`models/${model}`)

/**
 * The models that are well known. Of several rows that match and say the same thing, the first counts. A name that its provider moves on to newer
 * models (`…-latest`, `deepseek-v4-flash`, `grok-4`) has no place here: what was true of it need not be true any more.
 */
export const models: readonly ModelFacts[] = [
  // Anthropic. From 4.6 on, a last message of the assistant is an error.
  {
    name: /claude-(fable|mythos|(opus|sonnet|haiku)-5)/,
    host: 'anthropic',
    tools: { value: true, source: claude },
    vision: { value: true, source: claude },
    context: { value: 1_000_000, source: claudeNewest },
    prefill: { value: false, source: claude55 },
  },
  {
    name: /claude-(opus|sonnet)-4[-.][6-9]/,
    host: 'anthropic',
    tools: { value: true, source: claude },
    vision: { value: true, source: claude },
    context: { value: 1_000_000, source: anthropic('claude-sonnet-4-6') },
    prefill: { value: false, source: claudeMigration },
  },
  {
    name: /claude-((opus|sonnet|haiku)-4([-.@:]|$)|3)/,
    host: 'anthropic',
    tools: { value: true, source: anthropic('claude-3-haiku-20240307') },
    vision: { value: true, source: anthropic('claude-3-haiku-20240307') },
    context: { value: 200_000, source: anthropic('claude-sonnet-4-5') },
    prefill: { value: 'plain', source: claudeMigration },
  },
  // OpenAI
  {
    name: /^o3-mini/,
    host: 'openai',
    tools: { value: true, source: openai('o3-mini') },
    vision: { value: false, source: openai('o3-mini') },
    context: { value: 200_000, source: openai('o3-mini') },
  },
  {
    name: /^(o1|o3|o4-mini)(-pro)?(-20\d\d-\d\d-\d\d)?$/,
    host: 'openai',
    tools: { value: true, source: openai('o3') },
    vision: { value: true, source: openai('o3') },
    context: { value: 200_000, source: openai('o3') },
  },
  {
    name: /^gpt-3\.5-turbo(-0125|-1106)?$/,
    host: 'openai',
    vision: { value: false, source: openai('gpt-3.5-turbo') },
    context: { value: 16_385, source: openai('gpt-3.5-turbo') },
  },
  {
    name: /^gpt-4(-0613)?$/,
    host: 'openai',
    tools: { value: true, source: openai('gpt-4') },
    vision: { value: false, source: openai('gpt-4') },
    context: { value: 8_192, source: openai('gpt-4') },
  },
  {
    name: /^gpt-4(o|o-mini|-turbo)(-20\d\d-\d\d-\d\d)?$/,
    host: 'openai',
    tools: { value: true, source: openai('gpt-4o') },
    vision: { value: true, source: openai('gpt-4o') },
    context: { value: 128_000, source: openai('gpt-4o') },
  },
  {
    name: /^gpt-4\.1(-mini|-nano)?(-20\d\d-\d\d-\d\d)?$/,
    host: 'openai',
    tools: { value: true, source: openai('gpt-4.1') },
    vision: { value: true, source: openai('gpt-4.1') },
    context: { value: 1_047_576, source: openai('gpt-4.1') },
  },
  {
    name: /^gpt-5\.[45](-pro)?(-20\d\d-\d\d-\d\d)?$/,
    host: 'openai',
    tools: { value: true, source: openai('gpt-5.5') },
    vision: { value: true, source: openai('gpt-5.5') },
    context: { value: 1_050_000, source: openai('gpt-5.5') },
  },
  {
    name: /^gpt-5(\.[124])?(-mini|-nano|-pro|-codex)?(-20\d\d-\d\d-\d\d)?$/,
    host: 'openai',
    tools: { value: true, source: openai('gpt-5.2') },
    vision: { value: true, source: openai('gpt-5.2') },
    context: { value: 400_000, source: openai('gpt-5.2') },
  },
  {
    name: /^gpt-oss[-:](120b|20b)/,
    tools: { value: true, source: 'https://github.com/openai/gpt-oss/blob/main/README.md' },
    vision: { value: false, source: open('openai/gpt-oss-120b') },
  },
  // DeepSeek: its own names for V4 were moved on to a model that sees; the weights of V3 and R1 stay what they are.
  {
    name: /^deepseek-(v3|r1)([-.:]|$)/,
    vision: { value: false, source: open('deepseek/deepseek-r1') },
  },
  // Gemini
  {
    name: /^gemini-[\d.]+-(flash|pro)-image/,
    tools: { value: false, source: gemini('gemini-3.1-flash-image-preview') },
    vision: { value: true, source: gemini('gemini-3.1-flash-image-preview') },
  },
  {
    name: /^gemini-(2\.0|2\.5|3|3\.1|3\.5)-(flash|flash-lite|pro)(-preview)?(-\d\d\d)?$/,
    host: 'gemini',
    tools: { value: true, source: gemini('gemini-3.5-flash') },
    vision: { value: true, source: gemini('gemini-3.5-flash') },
    context: { value: 1_048_576, source: gemini('gemini-3.5-flash') },
  },
  // Mistral: only what carries the date of its making.
  {
    name: /^(devstral-(small|medium)-25(05|07)|mistral-large-2411|(open-)?mistral-nemo|(open-)?mixtral-8x)/,
    tools: { value: true, source: mistral('devstral-medium-2507') },
    vision: { value: false, source: mistral('devstral-medium-2507') },
  },
  {
    name: /^(mistral-(large-2512|medium-2(508|604)|small-2(506|603))|pixtral-12b)/,
    tools: { value: true, source: mistral('mistral-large-2512') },
    vision: { value: true, source: mistral('mistral-large-2512') },
  },
  {
    name: /^mistral-(large-2512|medium-2508|medium-2604)$/,
    host: 'mistral',
    context: { value: 262_144, source: mistral('mistral-large-2512') },
  },
  // xAI and Groq
  {
    name: /^grok-4\.20-multi-agent/,
    tools: { value: false, source: grok('grok-4.20-multi-agent-0309') },
  },
  {
    name: /^grok-(4\.20-0309|4\.3)/,
    host: 'xai',
    tools: { value: true, source: grok('grok-4.3') },
    vision: { value: true, source: grok('grok-4.3') },
    context: { value: 1_000_000, source: grok('grok-4.3') },
  },
  {
    name: /^compound(-mini)?$/,
    host: 'groq',
    tools: { value: false, source: groq('groq/compound') },
    vision: { value: false, source: groq('groq/compound') },
    context: { value: 131_072, source: groq('groq/compound') },
  },
  {
    name: /^(llama-3\.1-8b-instant|llama-3\.3-70b-versatile)$/,
    host: 'groq',
    context: { value: 131_072, source: groq('llama-3.3-70b-versatile') },
  },
  // Open weights, wherever they are served.
  {
    name: /^(meta-)?llama-?3\.3[-:]/,
    tools: { value: true, source: llama('llama3_3') },
    vision: { value: false, source: llama('llama3_3') },
  },
  {
    name: /^(meta-)?llama-?3\.1[-:]/,
    tools: { value: true, source: llama('llama3_1') },
    vision: { value: false, source: llama('llama3_1') },
  },
  {
    name: /^llama-?4[-:](maverick|scout)/,
    tools: { value: true, source: open('meta/llama-4-maverick-17b-instruct') },
    vision: { value: true, source: open('meta/llama-4-maverick-17b-instruct') },
  },
  {
    name: /^qwen3(-coder|-next)?[-:]\d+(\.\d+)?b/,
    tools: { value: true, source: open('alibaba/qwen3-32b') },
    vision: { value: false, source: open('alibaba/qwen3-32b') },
  },
  {
    name: /^gemma-?4/,
    tools: { value: true, source: open('google/gemma-4-31b-it') },
    vision: { value: true, source: open('google/gemma-4-31b-it') },
  },
  {
    name: /^kimi-k2(-thinking|-instruct|$|:)/,
    tools: { value: true, source: open('moonshotai/kimi-k2-thinking') },
    vision: { value: false, source: open('moonshotai/kimi-k2-thinking') },
  },
]
