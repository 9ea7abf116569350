import { expect } from 'vitest'
import { openDatabase } from '../src/database.js'

/** What `columnText` does to a text, undone. */
function plainText(column: string): string {
  return `replace(replace(${column}, char(1, 1), char(0)), char(1, 2), char(1))`
}

/** What must be empty in every file: rows that belong to nothing, and numbers that do not add up. */
const VIOLATIONS = {
  'uses that are not those of the secrets of the detail': `
    SELECT n, u.value ->> 0 FROM token, json_each(uses) u WHERE u.key > 0
    EXCEPT SELECT n, s.value ->> 0 FROM token, json_each(detail, '$[12]') s`,
  'a secret without its use': `
    SELECT n, s.value ->> 0 FROM token, json_each(detail, '$[12]') s
    EXCEPT SELECT n, u.value ->> 0 FROM token, json_each(uses) u WHERE u.key > 0`,
  'scopes that are not those of the detail': `
    SELECT ts.n, ${plainText('s.name')} FROM token_scope ts JOIN scope s USING (scope)
    EXCEPT SELECT n, s.value FROM token, json_each(detail, '$[10]') s`,
  'scopes of the detail that are not linked': `
    SELECT n, s.value FROM token, json_each(detail, '$[10]') s
    EXCEPT SELECT ts.n, ${plainText('s.name')} FROM token_scope ts JOIN scope s USING (scope)`,
  'a column that is not what the detail says': `
    SELECT n, prefix || '.' || public, ${plainText('t.name')}, ${plainText('o.name')}, t.personal, created, expires, modified
    FROM token t JOIN owner o USING (owner)
    EXCEPT SELECT n, detail ->> 0, detail ->> 1, detail ->> 2, detail ->> 3, detail ->> 6,
      coalesce(detail ->> 7, 9007199254740991), coalesce(detail ->> 8, -1) FROM token`,
  'a day that is not that of the last use': 'SELECT n FROM token WHERE used_day <> iif(used < 0, -1, used / 86400000)',
  'bits that are not those of the scopes': `
    SELECT n, scope_bits FROM token
    EXCEPT SELECT n, sum(DISTINCT 1 << bit) FROM token_scope JOIN scope USING (scope) GROUP BY n
    EXCEPT SELECT n, 0 FROM token WHERE n NOT IN (SELECT n FROM token_scope)`,
  'a wrong total of an environment': `
    SELECT env, tokens, personal FROM environment
    EXCEPT SELECT e.env, count(t.n), coalesce(sum(t.personal), 0) FROM environment e LEFT JOIN token t USING (env) GROUP BY 1`,
  'a wrong total of an owner': `
    SELECT owner, tokens, personal FROM owner EXCEPT SELECT owner, count(*), sum(personal) FROM token GROUP BY 1`,
  'a wrong total of a scope': `
    SELECT scope, tokens, personal FROM scope
    EXCEPT SELECT scope, count(*), sum(personal) FROM token_scope JOIN token USING (n) GROUP BY 1`,
  'a token that is in two places': `
    SELECT env, public FROM (SELECT env, public FROM token UNION ALL SELECT env, public FROM arrival)
    GROUP BY 1, 2 HAVING count(*) > 1`,
  'a new token whose number is not above those of all others':
    'SELECT n FROM arrival WHERE n <= (SELECT max(n) FROM token)',
  'a new token whose coming is not above all other changes':
    'SELECT seq FROM arrival WHERE seq <= (SELECT max(seq) FROM change)',
  'an own bit of two scopes': 'SELECT env, bit FROM scope WHERE bit < 52 GROUP BY 1, 2 HAVING count(*) > 1',
}

/** Every table, index and number of the file agrees with every other. */
export function assertConsistent(path: string): void {
  const db = openDatabase(path, 1_000)
  try {
    expect(db.pragma('integrity_check')).toBe('ok')
    for (const [what, sql] of Object.entries(VIOLATIONS)) expect(db.sql(sql).all(), what).toEqual([])
  } finally {
    db.close()
  }
}
