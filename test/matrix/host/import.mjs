import * as page from '@latchkey/console'
import * as core from '@latchkey/core'
import * as adapter from '@latchkey/express'
import { latchkeyFastify } from '@latchkey/fastify'
import { latchkeyHono } from '@latchkey/hono'
import express from 'express'
import { fastify } from 'fastify'
import { Hono } from 'hono'
import onFastify from './fastify.cjs'
import onHono from './hono.cjs'
import scenario from './scenario.cjs'

await scenario({ core, adapter, express, page })
await onFastify({ core, adapter: { latchkeyFastify }, fastify })
await onHono({ core, adapter: { latchkeyHono }, Hono })
console.log('ok')
