type Urls = Readonly<Record<string, RegExp[]>>

/** Addresses that each of several models reads for itself: what only some of them read, the AI SDK has to fetch for all. */
export async function sharedUrls(
  each: readonly (Urls | PromiseLike<Urls>)[],
): Promise<Record<string, RegExp[]>> {
  const [first = {}, ...others] = await Promise.all(each)
  const shared = Object.entries(first).map(([type, patterns]): [string, RegExp[]] => [
    type,
    patterns.filter((pattern) =>
      others.every((urls) => urls[type]?.some((own) => String(own) === String(pattern))),
    ),
  ])
  return Object.fromEntries(shared.filter(([, patterns]) => patterns.length > 0))
}
