// Checks that every example is a valid query: `node test/examples.mjs ../../schema/schema.graphql`
import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { buildSchema, parse, validate } from 'graphql';

const file = process.argv[2];
if (!file) {
  console.error('usage: node test/examples.mjs <schema.graphql>');
  process.exit(2);
}
const schema = buildSchema(readFileSync(file, 'utf8'), { assumeValid: true, assumeValidSDL: true });
const source = readFileSync(path.join(import.meta.dirname, '../src/examples.ts'), 'utf8');
const { code } = esbuild.transformSync(source, { loader: 'ts', format: 'esm' });
const { GROUPS } = await import(`data:text/javascript,${encodeURIComponent(code)}`);

const examples = GROUPS.flatMap((group) => group.examples);
const problems = [];
for (const { title, query, lookUp } of examples) {
  if (examples.filter((other) => other.title === title).length > 1) problems.push(`${title}: the title is not unique`);
  for (const text of [query, lookUp?.query].filter(Boolean)) {
    for (const error of validate(schema, parse(text))) problems.push(`${title}: ${error.message}`);
  }
}
if (problems.length) {
  console.error(`FAILED\n  ${problems.join('\n  ')}`);
  process.exit(1);
}
console.log(`ok: ${examples.length} examples`);
