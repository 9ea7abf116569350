import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { expect, test } from 'vitest'
import { readJson } from '../../src/index.js'

const HEAD =
  'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"name":'

/** What becomes of a body whose client hangs up in the middle of it. */
async function readAfter(read: (request: IncomingMessage, hangUp: () => void) => Promise<unknown>): Promise<unknown> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  client.write(HEAD)
  const [request] = await once(server, 'request')
  try {
    return await read(request, () => client.destroy()).catch((error: unknown) => error)
  } finally {
    server.close()
    server.closeAllConnections()
  }
}

const ENDED_EARLY = expect.objectContaining({ code: 'ERR_INVALID_INPUT', message: 'The body ended too early.' })

test('a client that hangs up while its body is read ends the reading', async () => {
  const outcome = await readAfter((request, hangUp) => {
    const reading = readJson(request, undefined)
    hangUp()
    return reading
  })
  expect(outcome).toEqual(ENDED_EARLY)
})

test('a client that hung up before its body is read ends the reading', async () => {
  const outcome = await readAfter(async (request, hangUp) => {
    const closed = new Promise<void>((resolve) => request.once('close', resolve))
    hangUp()
    await closed
    return readJson(request, undefined)
  })
  expect(outcome).toEqual(ENDED_EARLY)
})
