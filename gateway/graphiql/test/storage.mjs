// Checks what of an operation is kept in the browser: `node test/storage.mjs`
import { readFileSync } from 'node:fs';
import assert from 'node:assert/strict';
import path from 'node:path';
import * as esbuild from 'esbuild';

const source = readFileSync(path.join(import.meta.dirname, '../src/storage.ts'), 'utf8');
const { code } = esbuild.transformSync(source, { loader: 'ts', format: 'esm' });
const { kept, remembering, withoutSecrets } = await import(`data:text/javascript,${encodeURIComponent(code)}`);

const settings = '{ "name": "x", "settings": { "password": "s3cret", "pin": 4711, "on": true, "many": ["s3cret", null] } }';
const shape = { name: '', settings: { password: '', pin: '', on: true, many: ['', null] } };
const search = 'query Search($text: String) { customers(where: { name: { contains: $text } }) { nodes { name } } }';

// Of a mutation the form is left, also where its text is not complete or began with the wrong word.
for (const query of ['mutation($name: String!', '# Connect\nmutation Connect { connectErp', 'query($settings: JSON!) { connectErp(input: {}) { erp { id } } }']) {
  const left = withoutSecrets({ query, variables: settings, headers: 'h' });
  assert.deepEqual(JSON.parse(left.variables), shape, query);
  assert.deepEqual([left.query, left.headers], [query, 'h']);
}
for (const variables of ['{ "password": "s3cret"', '"s3cret"', '["s3cret"]', '// "s3cret"\n{}']) {
  for (const query of ['mutation { x }', search, '', null]) assert.equal(withoutSecrets({ query, variables }).variables, '', variables);
}
for (const [text, left] of [
  ['mutation { a(b: "s3cret", c: """s3"cret""") }', 'mutation { a(b: "", c: "") }'],
  ['mutation { a(b: "s3\\"cret") # "s3cret\n }', 'mutation { a(b: "") # ""\n }'],
  ['mutation { a(b: """s3cret', 'mutation { a(b: ""'],
  ['mutation { a(b: "s3cret', 'mutation { a(b: ""'],
]) {
  assert.equal(withoutSecrets({ query: text }).query, left);
}

// Of a query everything is kept that is its own.
for (const variables of ['{ "text": "Ann" }', '', null, undefined, '{}']) {
  const whole = { query: search, variables, title: 't' };
  assert.deepEqual(withoutSecrets(whole), whole);
}
assert.deepEqual(JSON.parse(withoutSecrets({ query: search, variables: '{ "text": "Ann", "settings": { "password": "s3cret" } }' }).variables), { text: 'Ann' });
assert.equal(withoutSecrets({ query: '{ erps { id } }', variables: settings }).variables, '');

assert.equal(kept('graphiql:theme', 'dark'), 'dark');
assert.equal(kept('graphiql:tabState', 's3cret'), null);
assert.equal(kept('graphiql:queries', '{"queries":"s3cret"}'), null);

// What an older page kept is cleaned up, and the active tab is the one that is shown.
class Browser {
  getItem(key) {
    return this[key] ?? null;
  }
  setItem(key, value) {
    this[key] = value;
  }
  removeItem(key) {
    delete this[key];
  }
}
const browser = new Browser();
const connect = { query: 'mutation { a(b: "s3cret") }', variables: settings };
browser.setItem('graphiql:tabState', JSON.stringify({ activeTabIndex: 1, tabs: [connect, { query: search, variables: '{ "text": "Ann" }' }] }));
browser.setItem('graphiql:queries', JSON.stringify({ queries: [connect] }));
browser.setItem('graphiql:favorites', JSON.stringify({ favorites: [connect] }));
browser.setItem('graphiql:query', connect.query);
browser.setItem('graphiql:variables', settings);
const storage = remembering(browser);
assert.ok(!JSON.stringify(browser).includes('s3cret'), JSON.stringify(browser));
assert.deepEqual([storage.getItem('graphiql:query'), storage.getItem('graphiql:variables')], [search, '{ "text": "Ann" }']);
storage.setItem('graphiql:variables', settings);
assert.ok(!('graphiql:variables' in browser));
browser.setItem('of another page', 'x');
assert.equal(storage.length, 3);
storage.clear();
assert.deepEqual({ ...browser }, { 'of another page': 'x' });
console.log('ok: no secret is kept');
