/** Whether two values say the same: plain data is compared by what it holds, everything else by identity. */
export function same(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true
  if (!isPlain(one) || !isPlain(other)) return false
  const keys = new Set([...Object.keys(one), ...Object.keys(other)])
  return [...keys].every((key) => same(Reflect.get(one, key), Reflect.get(other, key)))
}

/** Whether it is an object or an array as one writes it down. */
export function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  return Object.getPrototypeOf(value) === Object.prototype || Array.isArray(value)
}
