const scenario = require('./scenario.cjs')

scenario({
  core: require('@latchkey/core'),
  adapter: require('@latchkey/express'),
  express: require('express'),
}).then(() => console.log('ok'))
