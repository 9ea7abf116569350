import { describe, expect, test } from 'vitest'
import { streamBytes, toResponse } from '../../src/http/fetch/response.js'

const KIB = 1_024

function counted() {
  let count = 0
  return { release: () => void count++, count: () => count }
}

const page = (size: number, release: () => void) => ({ status: 200, body: Buffer.alloc(size, 'x'), release })

describe('an answer', () => {
  test('a small page is sent at once, and counts no more', async () => {
    const { release, count } = counted()
    const response = toResponse(page(64 * KIB, release), 'GET')
    expect(count()).toBe(1)
    expect((await response.arrayBuffer()).byteLength).toBe(64 * KIB)
  })

  test('a large page is read whole, and counts until then', async () => {
    const { release, count } = counted()
    const response = toResponse(page(300 * KIB + 1, release), 'GET')
    expect([count(), response.headers.get('content-length')]).toEqual([0, String(300 * KIB + 1)])
    expect((await response.text()) === 'x'.repeat(300 * KIB + 1)).toBe(true)
    expect(count()).toBe(1)
  })

  test('HEAD has the headers of GET and no body, and counts no more', () => {
    const { release, count } = counted()
    const response = toResponse(page(300 * KIB, release), 'HEAD')
    expect([response.body, response.headers.get('content-length'), count()]).toEqual([null, String(300 * KIB), 1])
  })

  test('204 has neither body nor length', () => {
    const { body, headers, status } = toResponse({ status: 204 }, 'GET')
    expect([status, body, headers.get('content-length')]).toEqual([204, null, null])
  })
})

describe('a stream of bytes', () => {
  const bytes = Buffer.alloc(1_000 * KIB, 'x')

  test('nothing is cut off before it is asked for, and no slice is larger than 64 KiB', async () => {
    const { release, count } = counted()
    const reader = streamBytes(bytes, { release }).getReader()
    const { value } = await reader.read()
    expect(value?.length).toBe(64 * KIB)
    expect(count()).toBe(0)
    await reader.cancel()
    expect(count()).toBe(1)
  })

  test('it fails when nobody reads it, and releases its page', async () => {
    const { release, count } = counted()
    const reader = streamBytes(bytes, { release }, 20).getReader()
    await reader.read()
    await expect(reader.closed).rejects.toThrow('not read in time')
    expect(count()).toBe(1)
    await expect(reader.read()).rejects.toThrow('not read in time')
  })

  test('what ends afterwards does not release again', async () => {
    const { release, count } = counted()
    const stream = streamBytes(bytes, { release }, 20)
    let length = 0
    for await (const part of stream) length += part.length
    await stream.cancel()
    expect([length, count()]).toEqual([bytes.length, 1])
  })
})
