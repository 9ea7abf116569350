import { isObject } from '../option-checks.js'

/** What a JSON object becomes when a patch is merged into it: `null` takes members away. Source: RFC 7396 §2. */
export function mergePatch(target: unknown, patch: object): Record<string, unknown> {
  const members = new Map<string, unknown>(isObject(target) ? Object.entries(target) : [])
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) members.delete(name)
    else members.set(name, isObject(value) ? mergePatch(members.get(name), value) : value)
  }
  return Object.fromEntries(members)
}
