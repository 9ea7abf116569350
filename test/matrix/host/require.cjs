const scenario = require('./scenario.cjs')
const onFastify = require('./fastify.cjs')
const onHono = require('./hono.cjs')

const core = require('@latchkey/core')

void Promise.all([
  scenario({
    core,
    adapter: require('@latchkey/express'),
    express: require('express'),
    page: require('@latchkey/console'),
  }),
  onFastify({ core, adapter: require('@latchkey/fastify'), fastify: require('fastify') }),
  onHono({ core, adapter: require('@latchkey/hono'), Hono: require('hono').Hono }),
]).then(() => console.log('ok'))
