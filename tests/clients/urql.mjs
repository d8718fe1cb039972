// urql: `node urql.mjs URL`. Its cache that knows the schema, with nested lists paged by its relayPagination, errors beside
// data, and its persisted queries; all of it by GET.
import assert from 'node:assert/strict';
import { Client, fetchExchange, gql } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';
import { persistedExchange } from '@urql/exchange-persisted';
import { getIntrospectionQuery } from 'graphql';
import { ask, endpoint, recorder } from './gateway.mjs';

const schema = await ask(getIntrospectionQuery());
// What has no id of its own belongs to the record that it was read with.
const hasId = (type) => type.fields.some((field) => field.name === 'id');
const objects = schema.__schema.types.filter((type) => type.kind === 'OBJECT' && !type.name.startsWith('_'));
const keys = Object.fromEntries(objects.filter((type) => !hasId(type)).map((type) => [type.name, () => null]));
const resolvers = { Query: { customers: relayPagination() }, Customer: { invoices: relayPagination() } };
const warnings = [];
console.warn = console.error = (...text) => warnings.push(text.join(' '));

function connect(...exchanges) {
  const { fetch, sent } = recorder();
  const cache = cacheExchange({ schema, keys, resolvers });
  const client = new Client({ url: endpoint, fetch, exchanges: [cache, ...exchanges, fetchExchange] });
  return { client, sent };
}
async function query(client, document, variables, context) {
  const result = await client.query(document, variables, context).toPromise();
  if (result.error) throw result.error;
  return result.data;
}

const QUERY = gql`query ($after: String) {
  customers(first: 100, after: $after) {
    edges { node { id name } }
    pageInfo { hasNextPage endCursor }
    totalCount { value precision }
  }
}`;
const NESTED = gql`query ($id: ID!, $after: String) {
  customer(id: $id) {
    id
    invoices(first: 20, after: $after) {
      edges { node { id number total { amount currency } } }
      pageInfo { hasNextPage endCursor }
      totalCount { value precision }
    }
  }
}`;

/** Reads on until the last page; urql's cache puts the pages together. */
async function all(client, document, variables, list) {
  let page = list(await query(client, document, variables));
  let after = null;
  while (page.pageInfo.hasNextPage) {
    assert.notEqual(page.pageInfo.endCursor, after, 'a page that goes nowhere');
    after = page.pageInfo.endCursor;
    page = list(await query(client, document, { ...variables, after }));
  }
  const whole = list(await query(client, document, variables, { requestPolicy: 'cache-only' }));
  assert.equal(whole.totalCount.precision, 'EXACT');
  assert.equal(whole.edges.length, whole.totalCount.value);
  assert.equal(new Set(whole.edges.map((edge) => edge.node.id)).size, whole.edges.length);
  return whole.edges.map((edge) => edge.node);
}

{
  const { client, sent } = connect();
  const customers = await all(client, QUERY, {}, (data) => data.customers);
  assert.equal(sent.length, Math.ceil(customers.length / 100));
  assert.ok(sent.every((request) => request.method === 'GET'));

  const some = await ask('{ invoices(first: 200) { nodes { customer { id invoices(first: 1) { totalCount { value } } } } } }');
  const { id } = some.invoices.nodes.map((invoice) => invoice.customer).find((customer) => {
    return customer.invoices.totalCount.value > 40 && customer.invoices.totalCount.value < 400;
  });
  await all(client, NESTED, { id }, (data) => data.customer.invoices);

  const broken = gql`{ broken: invoices(after: "x") { nodes { id } } erps { id name } }`;
  const { data, error } = await client.query(broken, {}).toPromise();
  assert.equal(data.broken, null);
  assert.ok(data.erps.length > 0);
  assert.equal(error.graphQLErrors[0].extensions.code, 'BAD_USER_INPUT');
  const invalid = await client.query('{ nothing }', {}).toPromise();
  assert.equal(invalid.error.networkError, undefined);
  assert.equal(invalid.error.graphQLErrors[0].extensions.code, 'GRAPHQL_VALIDATION_FAILED');
  assert.match(warnings.splice(0).join(), /^Invalid field: The field `nothing` does not exist/);
}

// A hash that the gateway does not know is sent once more with its document, and from then on alone.
{
  const { client, sent } = connect(persistedExchange({ preferGetForPersistedQueries: true }));
  const document = gql(`query Q${crypto.randomUUID().replaceAll('-', '')} { erps { id name } }`);
  for (let time = 0; time < 2; time++) {
    const { erps } = await query(client, document, {}, { requestPolicy: 'network-only' });
    assert.ok(erps.length > 0);
  }
  assert.deepEqual(sent.map(({ method, body }) => [method, Boolean(body.query)]), [['GET', false], ['GET', true], ['GET', false]]);
}

assert.deepEqual(warnings, []);
console.log('ok: urql: pages and nested pages in its cache, partial data, persisted queries, all by GET');
