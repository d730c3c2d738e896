/** The same answer with its body read already. Rejects as reading it does. */
export async function entire(response: Response): Promise<Response> {
  if (response.body === null) return response
  const { status, statusText, headers, url, redirected, type } = response
  const copy = new Response(await response.arrayBuffer(), { status, statusText, headers })
  return Object.defineProperties(copy, {
    url: { value: url },
    redirected: { value: redirected },
    type: { value: type },
  })
}
