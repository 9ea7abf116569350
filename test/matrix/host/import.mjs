import * as page from '@latchkey/console'
import * as core from '@latchkey/core'
import * as fetch from '@latchkey/core/fetch'
import * as adapter from '@latchkey/express'
import { latchkeyFastify } from '@latchkey/fastify'
import { latchkeyHono } from '@latchkey/hono'
import * as postgres from '@latchkey/store-postgres'
import * as redis from '@latchkey/store-redis'
import express from 'express'
import { fastify } from 'fastify'
import { Hono } from 'hono'
import { Redis } from 'ioredis'
import { Pool } from 'pg'
import onFastify from './fastify.cjs'
import onFetch from './fetch.cjs'
import onHono from './hono.cjs'
import scenario from './scenario.cjs'
import withStores from './stores.cjs'

await scenario({ core, adapter, express, page })
await onFastify({ core, adapter: { latchkeyFastify }, fastify })
await onFetch({ core, fetch })
await onHono({ core, adapter: { latchkeyHono }, Hono })
await withStores({ core, postgres, redis, Pool, Redis })
console.log('ok')
