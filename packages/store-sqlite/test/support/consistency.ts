import { expect } from 'vitest'
import { openRaw } from './files.js'

/** The character of the scope `s`, see src/worker/counters.ts. */
const CHARACTER = 'char(iif(s.id <= 55040, 255 + s.id, 10495 + s.id))'

/** What must be empty in every file: rows that belong to nothing, and numbers that do not add up. */
const VIOLATIONS = {
  'a column that differs from the record': `
    SELECT id FROM token WHERE record ->> 'id' NOT LIKE '%.' || public_part OR name <> record ->> 'name'
      OR personal <> record ->> 'personal' OR enabled <> record ->> 'enabled'
      OR created_at <> record ->> 'createdAt' OR created_day <> created_at / 86400000
      OR expires_day <> expires_at / 86400000 OR expires_at <> coalesce(record ->> 'expiresAt', 9007199254740991)
      OR modified_at <> coalesce(record ->> 'modifiedAt', -1) OR last_used_at <> coalesce(record ->> 'lastUsedAt', -1)
      OR last_used_day <> iif(last_used_at < 0, -1, last_used_at / 86400000)`,
  'an owner that is not that of the record': `
    SELECT t.id FROM token t LEFT JOIN owner o ON o.id = t.owner_id AND o.environment_id = t.environment_id
    WHERE o.name IS NOT record ->> 'owner'`,
  'a scope without its character': `
    SELECT t.id, e.value FROM token t, json_each(record, '$.scopes') e
    LEFT JOIN scope s ON s.environment_id = t.environment_id AND s.name = e.value
    WHERE s.id IS NULL OR NOT instr(t.scope_set, ${CHARACTER})`,
  'a character without its scope': `
    SELECT id FROM token
    WHERE length(scope_set) <> (SELECT count(DISTINCT value) FROM json_each(record, '$.scopes'))`,
  'a wrong total of an environment': `
    SELECT id, tokens, personal_tokens FROM environment
    EXCEPT SELECT e.id, count(t.id), coalesce(sum(t.personal), 0)
    FROM environment e LEFT JOIN token t ON t.environment_id = e.id GROUP BY 1`,
  'a wrong total of an owner': `
    SELECT id, tokens, personal_tokens FROM owner
    EXCEPT SELECT owner_id, count(*), sum(personal) FROM token GROUP BY 1`,
  'a wrong total of a scope': `
    SELECT id, tokens, personal_tokens FROM scope
    EXCEPT SELECT s.id, count(*), sum(t.personal) FROM token t
    JOIN (SELECT DISTINCT t.id AS token_id, e.value AS name FROM token t, json_each(record, '$.scopes') e) held
      ON held.token_id = t.id
    JOIN scope s ON s.environment_id = t.environment_id AND s.name = held.name GROUP BY 1`,
  'a number of two tokens': 'SELECT seq FROM token GROUP BY 1 HAVING count(*) > 1',
  'a token of a change that is to come': 'SELECT seq FROM token WHERE seq > (SELECT max(seq) FROM change)',
  'a gap between changes':
    'SELECT max(seq) - min(seq) + 1, count(*) FROM change HAVING max(seq) - min(seq) + 1 <> count(*)',
}

/** Every table, index and counter of the file agrees with every other. */
export function assertConsistent(path: string): void {
  const file = openRaw(path)
  try {
    expect(file.value('PRAGMA integrity_check')).toBe('ok')
    for (const [what, sql] of Object.entries(VIOLATIONS)) expect(file.rows(sql), what).toEqual([])
  } finally {
    file.close()
  }
}
