// An instance of one copy of core, and an adapter that has another: node two-copies.cjs <folder of the other copy>
const assert = require('node:assert/strict')
const core = require('@latchkey/core')
const { latchkeyExpress } = require('@latchkey/express')
const express = require('express')
const scenario = require('./scenario.cjs')

const other = require(process.argv[2])
assert.notEqual(other.createLatchkey, core.createLatchkey)

class HostError extends core.RequestError {}
const [made, foreign] = [new core.RequestError('ERR_STATE', 'm'), new other.RequestError('ERR_STATE', 'm')]
assert.ok(foreign instanceof core.RequestError && foreign instanceof core.LatchkeyError && foreign instanceof Error)
assert.ok(!(foreign instanceof core.StoreError) && !(new TypeError() instanceof core.LatchkeyError))
assert.ok(!(made instanceof HostError) && new HostError('ERR_STATE', 'm') instanceof other.RequestError)

const store = other.memoryStore()
const hasher = other.hmacSha256({ keys: { k1: Buffer.alloc(32, 'k') }, current: 'k1' })
try {
  latchkeyExpress(other.createLatchkey({ store, hasher }))
} catch (error) {
  console.log(error instanceof TypeError ? error.message : error)
  process.exit()
}
scenario({ core: other, adapter: require('@latchkey/express'), express, hasher }).then(() => console.log('ok'))
