// A route that takes the reports of a secret-scanning partner: it checks the signature, revokes, and answers.
import { generateKeyPairSync, sign, verify } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { createLatchkey, memoryStore, RequestError } from '@latchkey/core'
import express from 'express'

interface LeakReport {
  readonly token: string
  readonly type: string
  readonly url: string
}

const latchkey = createLatchkey({ prefix: 'acme', store: memoryStore() })
const app = express()

// In place of the partner, who keeps the private key and publishes the other.
const partner = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
const partnerKeys = new Map([['key-1', partner.publicKey]])

/** The partner's public key of this name. Fetch the list from the partner, and keep it for an hour. */
async function partnerKey(name: string) {
  return partnerKeys.get(name)
}

function orUndefined(error: unknown): undefined {
  if (!(error instanceof RequestError)) throw error
}

function tellOwner(owner: string, message: string): void {
  console.log(`to ${owner}: ${message}`)
}

app.post('/leaks', express.raw({ type: 'application/json', limit: '1mb' }), async (req, res) => {
  const body = req.body as Buffer
  const key = await partnerKey(req.get('Github-Public-Key-Identifier') ?? '')
  const signature = Buffer.from(req.get('Github-Public-Key-Signature') ?? '', 'base64')
  // The signature is that of the bytes, so they are checked before anything reads them.
  if (key === undefined || !verify('sha256', body, key, signature)) return void res.sendStatus(401)
  const answers = []
  for (const { token, type, url } of JSON.parse(String(body)) as LeakReport[]) {
    const found = await latchkey.lookup(token).catch(orUndefined)
    if (found !== undefined && (await latchkey.revoke(token)))
      tellOwner(found.owner, `${found.name} was seen at ${url}`)
    answers.push({
      token_raw: token,
      token_type: type,
      label: found === undefined ? 'false_positive' : 'true_positive',
    })
  }
  res.json(answers)
})

const server = app.listen(0)
const { port } = server.address() as AddressInfo

async function report(tokens: readonly string[], key = partner.privateKey) {
  const url = 'https://git.example/ada/repo/blob/main/.env'
  const body = Buffer.from(JSON.stringify(tokens.map((token) => ({ token, type: 'acme_api_token', url }))))
  const headers = {
    'Content-Type': 'application/json',
    'Github-Public-Key-Identifier': 'key-1',
    'Github-Public-Key-Signature': sign('sha256', body, key).toString('base64'),
  }
  return fetch(`http://localhost:${port}/leaks`, { method: 'POST', headers, body })
}

const { token } = await latchkey.create({ name: 'Nightly export', owner: 'ada', scopes: ['reports.read'] })
const forged = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey
console.log('forged:', (await report([token], forged)).status, (await latchkey.verify(token)).ok)
const answers = (await (await report([token, 'acme.NOT.OURS'])).json()) as { label: string }[]
console.log('signed:', answers.map(({ label }) => label).join(', '), (await latchkey.verify(token)).ok)
server.close()
await latchkey.close()
