import assert from 'node:assert/strict'
import type { TokenConsole } from '@latchkey/core/adapter'
import type { AdapterCase } from './adapter-case.js'
import { json } from './http.js'
import { MOUNT, routesCase } from './scene.js'

const SCRIPT = `"${'x'.repeat(100_000)}"`

/** Stands for a tokens page: its document and one script. */
const page: TokenConsole = ({ path, maySignIn, sessionOnly }) => {
  if (path === '') return file('text/html', `<p>${maySignIn} ${sessionOnly}`, 'no-store')
  return path === 'assets/page-1.js'
    ? file('text/javascript', SCRIPT, 'public, max-age=31536000, immutable')
    : undefined
}

function file(type: string, text: string, caching: string) {
  const headers = {
    'Content-Type': `${type}; charset=utf-8`,
    'Cache-Control': caching,
    'Referrer-Policy': 'no-referrer',
  }
  return { status: 200, headers, body: Buffer.from(text) }
}

export const routesConsoleCases: readonly AdapterCase[] = [
  routesCase(
    'a page is answered below the mount, to anybody',
    { dialect: 'latchkey', console: page },
    async (scene) => {
      const ask = (path: string, method = 'GET') => scene.send({ method, path: `${MOUNT}${path}` })
      const html = await ask('/console/?owner=ada')
      assert.deepEqual([html.status, html.text], [200, '<p>false false'])
      const script = await ask('/console/assets/page-1.js')
      assert.equal(script.text, SCRIPT)
      for (const [{ headers }, type, caching] of [
        [html, 'text/html; charset=utf-8', 'no-store'],
        [script, 'text/javascript; charset=utf-8', 'public, max-age=31536000, immutable'],
      ] as const) {
        assert.equal(headers['content-type'], type)
        assert.equal(headers['cache-control'], caching)
        assert.equal(headers['referrer-policy'], 'no-referrer')
        assert.equal(headers['x-content-type-options'], 'nosniff')
      }
      const head = await ask('/console/assets/page-1.js', 'HEAD')
      assert.deepEqual([head.status, head.text, head.headers['content-length']], [200, '', String(SCRIPT.length)])
      // Relative, so that it leads to the page through any proxy.
      const moved = await ask('/console?owner=ada')
      assert.deepEqual([moved.status, moved.headers.location], [302, 'console/?owner=ada'])
      for (const [path, method, code] of [
        ['/console/none.js', 'GET', 'ERR_NOT_FOUND'],
        ['/console/..%2fopenapi.json', 'GET', 'ERR_NOT_FOUND'],
        ['/console/', 'POST', 'ERR_METHOD'],
        ['', 'GET', 'ERR_NO_TOKEN'],
      ] as const) {
        assert.equal(json(await ask(path, method)).code, code, path)
      }
    },
  ),
]
