import { createServer } from 'node:http'

/** A service that says as many lines as it is asked to, and answers when they have left it. */
createServer(({ url = '' }, response) => {
  const count = Number(new URL(url, 'http://x').searchParams.get('lines') ?? 0)
  let text = ''
  for (let n = 0; n < count; n++) text += `line ${n} of what is said when much is said at once\n`
  process.stdout.write(text, () => response.end())
}).listen(Number(process.env['PORT']), '127.0.0.1')
