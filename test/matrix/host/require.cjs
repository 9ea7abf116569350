const scenario = require('./scenario.cjs')
const onFastify = require('./fastify.cjs')
const onFetch = require('./fetch.cjs')
const onHono = require('./hono.cjs')
const withStores = require('./stores.cjs')

const core = require('@latchkey/core')

void Promise.all([
  scenario({
    core,
    adapter: require('@latchkey/express'),
    express: require('express'),
    page: require('@latchkey/console'),
  }),
  onFastify({ core, adapter: require('@latchkey/fastify'), fastify: require('fastify') }),
  onFetch({ core, fetch: require('@latchkey/core/fetch') }),
  onHono({ core, adapter: require('@latchkey/hono'), Hono: require('hono').Hono }),
  withStores({
    core,
    postgres: require('@latchkey/store-postgres'),
    redis: require('@latchkey/store-redis'),
    Pool: require('pg').Pool,
    Redis: require('ioredis').Redis,
  }),
]).then(() => console.log('ok'))
