const scenario = require('./scenario.cjs')
const core = require('@latchkey/core')
const adapter = require('@latchkey/express')
const express = require('express')

test('a token is let in', () => scenario({ core, adapter, express }))

test('with Argon2id', () => scenario({ core, adapter, express, hasher: core.argon2id({ memory: 64, passes: 1 }) }))
