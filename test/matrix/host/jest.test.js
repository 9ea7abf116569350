const scenario = require('./scenario.cjs')
const onFastify = require('./fastify.cjs')
const onFetch = require('./fetch.cjs')
const onHono = require('./hono.cjs')
const core = require('@latchkey/core')
const adapter = require('@latchkey/express')
const express = require('express')

test('a token is let in', () => scenario({ core, adapter, express }))

test('with Argon2id', () => scenario({ core, adapter, express, hasher: core.argon2id({ memory: 64, passes: 1 }) }))

test('on Fastify', () =>
  onFastify({ core, adapter: require('@latchkey/fastify'), fastify: require('fastify').fastify }))

test('on Hono', () => onHono({ core, adapter: require('@latchkey/hono'), Hono: require('hono').Hono }))

test('by fetch', () => onFetch({ core, fetch: require('@latchkey/core/fetch') }))
