const MAX_BYTES = 4096
/** Each takes at least two bytes of JSON: one of its own, and a comma or bracket. */
const MAX_VALUES = MAX_BYTES / 2
const MAX_DEPTH = 32
const TOO_LONG = `Must have at most ${MAX_BYTES} bytes as JSON.`

/**
 * What is wrong with a token's metadata, if anything: more than 4 KiB as JSON, nested more than 32 deep, values that
 * JSON does not have, ill-formed text, or a `__proto__` key. Walks without recursion, so depth cannot exhaust the
 * stack.
 */
export function checkMetadata(metadata: Readonly<Record<string, unknown>>): string | undefined {
  const open: { value: unknown; depth: number }[] = [{ value: metadata, depth: 1 }]
  let values = 1
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, depth } = next
    if (depth > MAX_DEPTH) return `Must not be nested more than ${MAX_DEPTH} deep.`
    if (typeof value === 'string' && !value.isWellFormed()) return 'Must not contain lone surrogates.'
    if (typeof value !== 'object' || value === null) {
      if (!isJsonValue(value)) return 'Must hold only JSON values.'
      continue
    }
    if (!Array.isArray(value) && !isPlain(value)) return 'Must hold only JSON values.'
    for (const [key, child] of Object.entries(value)) {
      if (key === '__proto__') return 'Must not have a member named __proto__.'
      if (!key.isWellFormed()) return 'Must not contain lone surrogates.'
      if (++values > MAX_VALUES) return TOO_LONG
      open.push({ value: child, depth: depth + 1 })
    }
  }
  return Buffer.byteLength(JSON.stringify(metadata)) > MAX_BYTES ? TOO_LONG : undefined
}

function isJsonValue(value: unknown): boolean {
  return value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
