const { createLatchkey, memoryStore } = require('@latchkey/core')
const { latchkeyExpress } = require('@latchkey/express')
const express = require('express')

const store = memoryStore()
const scopes = { 'reports.read': 'Read reports' }
const latchkey = createLatchkey({ prefix: 'acme', store, scopes })
const { requireToken, tokenRoutes } = latchkeyExpress(latchkey)

const app = express()
app.use('/tokens', tokenRoutes({ dialect: 'latchkey' }))
app.get('/reports', requireToken({ scopes: ['reports.read'] }), (req, res) => res.json({ readBy: req.apiToken.owner }))

module.exports = { app, latchkey, store }
