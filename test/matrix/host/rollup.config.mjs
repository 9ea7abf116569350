import commonjs from '@rollup/plugin-commonjs'
import json from '@rollup/plugin-json'
import nodeResolve from '@rollup/plugin-node-resolve'

export default {
  input: 'server.js',
  output: { file: 'dist/rollup/server.cjs', format: 'cjs' },
  external: ['@latchkey/store-sqlite'],
  plugins: [nodeResolve({ preferBuiltins: true, exportConditions: ['node'] }), commonjs(), json()],
}
