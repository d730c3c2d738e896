/** Whether `cause` is among the causes of `error`, itself included: a circle of causes would never end for who follows it. */
export function causes(error: unknown, cause: unknown): boolean {
  let each = error
  for (let depth = 0; depth < 20 && each instanceof Error; depth++) {
    if (each === cause) return true
    each = each.cause
  }
  return false
}
