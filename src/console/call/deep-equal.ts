/** Whether two pieces of JSON say the same. */
export function isDeepEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  const [keys, others] = [Object.keys(a), Object.keys(b)]
  if (keys.length !== others.length) return false
  return keys.every((key) => isDeepEqual((a as Fields)[key], (b as Fields)[key]))
}

type Fields = Record<string, unknown>
