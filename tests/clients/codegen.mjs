// GraphQL Code Generator: `node codegen.mjs URL`. Types for the example queries of the README and of the GraphiQL page, from the
// gateway's introspection; codegen/usage.ts uses them under tsc --strict. Then the gateway answers each of these queries.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { generate } from '@graphql-codegen/cli';
import { parse, print } from 'graphql';
import ts from 'typescript';
import { ask, endpoint } from './gateway.mjs';

process.chdir(import.meta.dirname);
const require = createRequire(import.meta.url);

const readme = readFileSync('../../README.md', 'utf8');
const examples = [...readme.matchAll(/```graphql\n(.*?)```/gs)].map(([, query], n) => ({ title: `README ${n + 1}`, query }));
const source = readFileSync('../../gateway/graphiql/src/examples.ts', 'utf8');
const compiled = ts.transpile(source, { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 });
const { GROUPS } = await import(`data:text/javascript,${encodeURIComponent(compiled)}`);
examples.push(...GROUPS.flatMap((group) => group.examples));

// The generator wants a name for each operation; its title makes one where the example has none.
const named = examples.map(({ title, query }) => {
  const document = parse(query);
  const value = title.replace(/[^a-z0-9]+(.)?/gi, (_, letter = '') => letter.toUpperCase());
  document.definitions[0].name ??= { kind: 'Name', value };
  return print(document);
});
mkdirSync('codegen/__generated__', { recursive: true });
writeFileSync('codegen/__generated__/operations.graphql', named.join('\n\n'));

// Amounts and dates are text: a number would lose digits.
const text = 'string';
await generate({
  schema: endpoint,
  documents: 'codegen/__generated__/operations.graphql',
  generates: {
    'codegen/__generated__/types/': {
      preset: 'client',
      config: { strictScalars: true, scalars: { Decimal: text, Date: text, DateTime: text, Url: text, CurrencyCode: text, JSON: 'unknown', _Any: 'unknown' } },
    },
  },
  silent: true,
});
execFileSync(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', 'codegen'], { stdio: 'inherit' });

// Mutations are typed and checked only: they would change the gateway that is asked.
const reads = examples.filter(({ query }) => parse(query).definitions.every((definition) => definition.operation !== 'mutation'));
for (const { title, query, variables, lookUp } of reads) {
  const data = await ask(query, lookUp ? lookUp.variables(await ask(lookUp.query)) : variables);
  assert.ok(Object.values(data).every((value) => value !== null), title);
}
console.log(`ok: GraphQL Code Generator: ${examples.length} examples typed and checked, ${reads.length} queries answered`);
