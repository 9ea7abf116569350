// A scheduled job that rotates its own token: node dist/ci-rotation.js <URL of the token routes> <URL to check> <token file>
import { readFile, writeFile } from 'node:fs/promises'

const [tokensUrl = '', checkUrl = '', file = ''] = process.argv.slice(2)

/** Throws if the call is refused. The error names the call, never the token. */
async function call(method: string, url: string, token: string, body?: object): Promise<Response> {
  const response = await fetch(url, {
    method,
    headers: { Authorization: `Bearer ${token}`, ...(body && { 'Content-Type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  })
  if (!response.ok) throw new Error(`${method} ${url} answered ${response.status}`)
  return response
}

/** Stands for your CI system's store of secrets. */
function save(token: string): Promise<void> {
  return writeFile(file, `${token}\n`, { mode: 0o600 })
}

const oldToken = (await readFile(file, 'utf8')).trim()
const overlap = { previousExpiresAt: 'now+1h' }
const rotated = await call('POST', `${tokensUrl}/self/rotate`, oldToken, overlap)
const { token: newToken } = (await rotated.json()) as { token: string }

try {
  await save(newToken)
  await call('GET', checkUrl, newToken)
} catch (error) {
  // The overlap has not ended: cancelling restores the old secret and ends the new one. Only the new one may do it.
  await save(oldToken)
  await call('POST', `${tokensUrl}/self/rotate/cancel`, newToken)
  console.error(`cancelled: ${error instanceof Error ? error.message : error}`)
  process.exit(1)
}

await call('POST', `${tokensUrl}/self/rotate/finish`, newToken)
console.log('finished: the new secret works, the old one is dead')
