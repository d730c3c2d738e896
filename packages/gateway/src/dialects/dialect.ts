/** The wire that a client or an upstream speaks: OpenAI's chat completions, or Anthropic's messages. */
export type Dialect = 'openai' | 'anthropic'
