const scenario = require('./scenario.cjs')
const onFastify = require('./fastify.cjs')

const core = require('@latchkey/core')

void Promise.all([
  scenario({
    core,
    adapter: require('@latchkey/express'),
    express: require('express'),
    page: require('@latchkey/console'),
  }),
  onFastify({ core, adapter: require('@latchkey/fastify'), fastify: require('fastify') }),
]).then(() => console.log('ok'))
