import { build } from 'esbuild'

await build({
  entryPoints: ['server.js'],
  outfile: 'dist/esbuild/server.cjs',
  bundle: true,
  platform: 'node',
  target: 'node20',
  external: ['@latchkey/store-sqlite'],
})
