// Relay: `node relay.mjs URL`. relay-compiler accepts the committed schema and its connections; then relay-runtime reads on to
// the last page of each list with what it compiled. A list below a record is read on through `node(id:)`, as Relay does.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { ask, endpoint, recorder } from './gateway.mjs';

const require = createRequire(import.meta.url);
const { Environment, Network, RecordSource, Store, createOperationDescriptor, fetchQuery, getSelector } = require('relay-runtime');

process.chdir(import.meta.dirname);
mkdirSync('relay/__generated__', { recursive: true });
execFileSync(require('relay-compiler'), ['relay.config.json'], { stdio: ['ignore', 'ignore', 'inherit'] });
const artifact = (name) => require(`./relay/__generated__/${name}.graphql.js`);
assert.equal(readdirSync('relay/__generated__').length, 6);

const { fetch, sent } = recorder();
const network = Network.create(async ({ text }, variables) => {
  const headers = { 'content-type': 'application/json', accept: 'application/graphql-response+json' };
  const response = await fetch(endpoint, { method: 'POST', headers, body: JSON.stringify({ query: text, variables }) });
  return response.json();
});
const environment = new Environment({ network, store: new Store(new RecordSource()) });

/** What a component with this fragment would see. */
function see(query, fragment, variables, parent) {
  const operation = createOperationDescriptor(query, variables);
  const { data } = environment.lookup(operation.fragment);
  return environment.lookup(getSelector(fragment, parent(data))).data;
}

/** As react-relay's usePaginationFragment does it: the refetch query, from the end cursor, until there is no next page. */
async function readAll(query, fragment, variables, parent) {
  const { connection, operation } = fragment.metadata.refetch;
  environment.retain(createOperationDescriptor(query, variables));
  await fetchQuery(environment, query, variables).toPromise();
  const list = () => connection.path.reduce((data, key) => data[key], see(query, fragment, variables, parent));
  while (list().pageInfo.hasNextPage) {
    const before = list().edges.length;
    const page = { ...variables, [connection.forward.cursor]: list().pageInfo.endCursor };
    await fetchQuery(environment, operation, page).toPromise();
    assert.ok(list().edges.length > before, 'a page without records');
  }
  const { edges, totalCount } = list();
  assert.equal(totalCount.precision, 'EXACT');
  assert.equal(edges.length, totalCount.value);
  assert.equal(new Set(edges.map((edge) => edge.node.id)).size, edges.length);
  return edges.length;
}

const customers = await readAll(artifact('queriesCustomersQuery'), artifact('queries_customers'), { count: 100 }, (data) => data);
assert.equal(sent.length, Math.ceil(customers / 100));

const some = await ask('{ invoices(first: 200) { nodes { customer { id invoices(first: 1) { totalCount { value } } } } } }');
const { id } = some.invoices.nodes.map((invoice) => invoice.customer).find((customer) => {
  return customer.invoices.totalCount.value > 40 && customer.invoices.totalCount.value < 400;
});
const invoices = await readAll(artifact('queriesCustomerQuery'), artifact('queries_invoices'), { id, count: 20 }, (data) => data.customer);

console.log(`ok: Relay: compiled, and read to the last page: ${customers} customers, ${invoices} invoices of one of them`);
