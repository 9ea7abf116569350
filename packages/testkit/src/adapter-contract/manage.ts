import assert from 'node:assert/strict'
import type { CreateInput, IssuedToken } from '@latchkey/core'
import { bearer, JSON_TYPE } from './headers.js'
import type { Reply } from './http-client.js'
import { MOUNT, type Scene } from './scene.js'

/** Calls the management routes: a path below the mount, and a body that becomes JSON unless it is text or bytes. */
export type Call = (method: string, path: string, body?: unknown, headers?: readonly string[]) => Promise<Reply>

/** Calls with the given headers in every request; a body is announced as JSON. */
export function callsWith(scene: Scene, headers: readonly string[], mount = MOUNT): Call {
  return (method, path, body, more = []) => {
    const ask = { method, path: mount + path, headers: [...headers, ...more] }
    if (body === undefined) return scene.send(ask)
    const bytes = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body)
    return scene.send({ ...ask, headers: [...ask.headers, ...JSON_TYPE], body: bytes })
  }
}

/** A token that may do everything, and calls with it. */
export async function administrator(
  scene: Scene,
  input: Partial<CreateInput> = {},
): Promise<{ readonly admin: IssuedToken; readonly call: Call }> {
  const admin = await scene.issue({ name: 'admin', owner: 'root', scopes: ['*'], ...input })
  return { admin, call: callsWith(scene, bearer(admin)) }
}

export function expectNoContent(reply: Reply): void {
  const { status, headers, text } = reply
  const type = headers['content-type']
  const length = headers['content-length']
  assert.deepEqual({ status, text, type, length }, { status: 204, text: '', type: undefined, length: undefined })
  assert.equal(headers['cache-control'], 'no-store')
}

/** 2030-01-01T00:00:00.000Z and the like. */
export function iso(at: number): string {
  return new Date(at).toISOString()
}
