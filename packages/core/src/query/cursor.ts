import { createHmac, timingSafeEqual } from 'node:crypto'
import { err, ok, type Result } from '../result.js'

/** The first byte of every cursor. Raise it when the payload changes its shape: older cursors are refused then. */
const VERSION = 1
const TAG_BYTES = 32
/** Node's limit for all headers of a request together. */
const MAX_LENGTH = 16_384

/** What cursors are bound to, as the store has it: a cursor of another key or data set is refused. */
export interface CursorSeal {
  readonly sealingKey: Uint8Array
  readonly dataset: string
}

/**
 * Seals a payload of plain JSON values into URL-safe text: base64url of version, HMAC-SHA256 and JSON. Callers can read
 * it, but not change it.
 */
export function sealCursor(payload: object, seal: CursorSeal): string {
  const body = Buffer.from(JSON.stringify(payload))
  return Buffer.concat([Buffer.of(VERSION), tagOf(body, seal), body]).toString('base64url')
}

/**
 * The payload that `sealCursor` sealed with the same key for the same data set. Text that differs in any character is
 * refused, even if it decodes to the same bytes. `T` is not validated: only Latchkey can seal.
 */
export function openCursor<T>(text: string, seal: CursorSeal): Result<T> {
  const refused = err('is not a key that this list gave out, or was altered')
  if (text.length > MAX_LENGTH) return refused
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.toString('base64url') !== text) return refused
  if (bytes.length <= 1 + TAG_BYTES || bytes[0] !== VERSION) return refused
  const body = bytes.subarray(1 + TAG_BYTES)
  if (!timingSafeEqual(bytes.subarray(1, 1 + TAG_BYTES), tagOf(body, seal))) return refused
  return ok(JSON.parse(body.toString()) as T)
}

/**
 * The label keeps these tags apart from anything else that the key may sign. JSON has no raw newline, so the border
 * between label and body is certain.
 */
function tagOf(body: Buffer, { sealingKey, dataset }: CursorSeal): Buffer {
  const label = JSON.stringify(['latchkey cursor', VERSION, dataset])
  return createHmac('sha256', sealingKey).update(`${label}\n`).update(body).digest()
}
