/** What a service says with most of its lines. */
export const fields = { upstream: 'openai', model: 'gpt-5', tokens: 812, duration: 1_204.5 }

/** A request as it comes: what is worth telling, and what must not be told. */
export const request = {
  method: 'POST',
  url: '/v1/chat/completions?user=anna&access_token=Zm9vYmFyYmF6cXV4',
  headers: {
    host: 'localhost:8080',
    'user-agent': 'OpenAI/JS 7.55.0',
    accept: 'application/json',
    'content-type': 'application/json',
    'content-length': '312',
    authorization: 'Bearer bT9sKq2vXz7RwLp4',
    cookie: 'session=Yh3kLm8nQp5t; theme=dark',
    'x-api-key': 'Gd6jHs1fWc9b',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  },
  body: {
    model: 'gpt-5',
    temperature: 0.2,
    messages: [
      { role: 'system', content: 'You are brief.' },
      { role: 'user', content: 'Why do retries need jitter?' },
    ],
    login: { user: 'anna', password: 'Vb4nMx8z' },
  },
}

/** A line of a log with one secret in it. */
export const line =
  'upstream openai answered 401 after 212 ms: cannot log in to https://anna:Kj5hGf2d@api.example.com/v1 (attempt 2 of 3, next in 400 ms)'
