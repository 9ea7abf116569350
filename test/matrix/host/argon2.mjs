import * as core from '@latchkey/core'
import * as adapter from '@latchkey/express'
import express from 'express'
import scenario from './scenario.cjs'

await scenario({ core, adapter, express, hasher: core.argon2id({ memory: 64, passes: 1 }) })
console.log('ok')
