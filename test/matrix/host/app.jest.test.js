const { app, latchkey } = require('./app.js')

let server
beforeAll((done) => {
  server = app.listen(0, done)
})
afterAll(async () => {
  server.close()
  await latchkey.close()
})

test('a token with the scope is let in, a request without one is not', async () => {
  const { token } = await latchkey.create({ name: 'test', owner: 'ada', scopes: ['reports.read'] })
  const url = `http://localhost:${server.address().port}/reports`
  const admitted = await fetch(url, { headers: { Authorization: `Bearer ${token}` } })
  expect(admitted.status).toBe(200)
  expect(await admitted.json()).toEqual({ readBy: 'ada' })
  expect((await fetch(url)).status).toBe(401)
})
