import * as page from '@latchkey/console'
import * as core from '@latchkey/core'
import * as adapter from '@latchkey/express'
import { latchkeyFastify } from '@latchkey/fastify'
import express from 'express'
import { fastify } from 'fastify'
import onFastify from './fastify.cjs'
import scenario from './scenario.cjs'

await scenario({ core, adapter, express, page })
await onFastify({ core, adapter: { latchkeyFastify }, fastify })
console.log('ok')
