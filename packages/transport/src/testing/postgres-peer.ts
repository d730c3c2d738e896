import type { Ask } from './wire-contract.ts'

/** What a database must have to be the peer of the contract; may be done again. */
export const postgresPeer = `
  CREATE TABLE IF NOT EXISTS done (text text NOT NULL);
  CREATE OR REPLACE FUNCTION counted(text) RETURNS text LANGUAGE plpgsql AS
    'BEGIN INSERT INTO done VALUES ($1); RETURN $1; END';
  CREATE OR REPLACE FUNCTION waited(text, float) RETURNS text LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_sleep($2 / 1000); RETURN $1; END';
  CREATE OR REPLACE FUNCTION refused(text) RETURNS text LANGUAGE plpgsql AS
    'BEGIN RAISE EXCEPTION ''as asked'' USING ERRCODE = $1; END';
  CREATE OR REPLACE PROCEDURE hung(text) LANGUAGE plpgsql AS
    'BEGIN INSERT INTO done VALUES ($1); COMMIT; PERFORM pg_sleep(3600); END';
`

const states: Readonly<Record<string, string>> = {
  transient: '40001',
  permanent: '23505',
  throttled: '53300',
}

/** The statement that an ask is; its answer is the first column of the first row. */
export function statementOf({
  does,
  text,
  ms = 0,
}: Ask): readonly [sql: string, values?: readonly unknown[]] {
  switch (does) {
    case 'echo':
      return ['SELECT $1::text', [text]]
    case 'wait':
      return ['SELECT waited($1, $2)', [text, ms]]
    case 'count':
      return ['SELECT counted($1)', [text]]
    case 'hang':
      return ['CALL hung($1)', [text]]
    case 'cut': {
      const quoted = `'${text.replaceAll("'", "''")}'`
      const half = `SELECT repeat('x', 100000) UNION ALL SELECT pg_terminate_backend(pg_backend_pid())::text`
      return [`INSERT INTO done VALUES (${quoted}); COMMIT; ${half}`]
    }
    case 'fail':
      return ['SELECT refused($1)', [states[text]]]
    case 'told':
      return ['SELECT current_query()']
  }
}
