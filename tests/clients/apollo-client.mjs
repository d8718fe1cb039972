// Apollo Client 4: `node apollo-client.mjs URL`. A cache that knows records by their ids, pages by its relayStylePagination,
// errors beside data, automatic persisted queries by POST and by GET, fragments on interfaces.
import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from '@apollo/client/core';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { relayStylePagination } from '@apollo/client/utilities';
import { ask, endpoint, recorder } from './gateway.mjs';

// As Apollo's documentation has it compiled.
const { __schema } = await ask('{ __schema { types { kind name possibleTypes { name } } } }');
const possibleTypes = Object.fromEntries(
  __schema.types.filter((type) => type.possibleTypes).map(({ name, possibleTypes }) => [name, possibleTypes.map((type) => type.name)]),
);

const byId = (_, { args, toReference }) => toReference({ __typename: 'Customer', id: args.id });
const typePolicies = {
  Query: { fields: { customers: relayStylePagination(['where', 'orderBy', 'erps']), customer: { read: byId } } },
  Customer: { fields: { invoices: relayStylePagination(['where', 'orderBy']) } },
};

function connect(...links) {
  const { fetch, sent } = recorder();
  const cache = new InMemoryCache({ possibleTypes, typePolicies });
  const link = ApolloLink.from([...links, new HttpLink({ uri: endpoint, fetch })]);
  return { client: new ApolloClient({ cache, link }), sent };
}

// One customer of many invoices is one entry of the cache, and is found there by its id.
{
  const { client, sent } = connect();
  const query = gql`{ invoices(first: 200) { nodes { id number customer { id name email } erp { id name } } } }`;
  const { data } = await client.query({ query });
  const customers = new Set(data.invoices.nodes.map((invoice) => invoice.customer.id));
  const kept = Object.keys(client.extract()).filter((key) => key.startsWith('Customer:'));
  assert.equal(data.invoices.nodes.length, 200);
  assert.ok(customers.size < 200);
  assert.equal(kept.length, customers.size);
  const [{ customer }] = data.invoices.nodes;
  const again = await client.query({ query: gql`query ($id: ID!) { customer(id: $id) { id name email } }`, variables: { id: customer.id } });
  assert.deepEqual(again.data.customer, customer);
  assert.equal(sent.length, 1, 'a customer that is in the cache was asked for');
}

// All pages of a list are one list of all its records.
{
  const { client, sent } = connect();
  const query = gql`query ($after: String) {
    customers(first: 100, after: $after) {
      edges { cursor node { id name } }
      pageInfo { hasNextPage endCursor }
      totalCount { value precision }
    }
  }`;
  const list = client.watchQuery({ query });
  let { data } = await client.query({ query });
  while (data.customers.pageInfo.hasNextPage) {
    ({ data } = await list.fetchMore({ variables: { after: data.customers.pageInfo.endCursor } }));
  }
  const { edges, totalCount } = client.readQuery({ query }).customers;
  assert.equal(totalCount.precision, 'EXACT');
  assert.equal(edges.length, totalCount.value);
  assert.equal(new Set(edges.map((edge) => edge.node.id)).size, edges.length);
  assert.equal(sent.length, Math.ceil(edges.length / 100));
}

// An error of one field leaves the data of the others; what is wrong with a whole request is a GraphQL error as well.
{
  const { client } = connect();
  const query = gql`{ broken: invoices(after: "x") { nodes { id } } erps { id name } }`;
  const { data, error } = await client.query({ query, errorPolicy: 'all' });
  assert.equal(data.broken, null);
  assert.ok(data.erps.length > 0);
  assert.ok(CombinedGraphQLErrors.is(error));
  assert.deepEqual(error.errors[0].path, ['broken']);
  assert.equal(error.errors[0].extensions.code, 'BAD_USER_INPUT');
  await assert.rejects(client.query({ query, fetchPolicy: 'network-only' }), CombinedGraphQLErrors);
  await assert.rejects(client.query({ query: gql`{ nothing }` }), (error) => {
    return CombinedGraphQLErrors.is(error) && error.errors[0].extensions.code === 'GRAPHQL_VALIDATION_FAILED';
  });
}

// A hash that the gateway does not know is sent once more with its document, and from then on alone.
for (const method of ['POST', 'GET']) {
  const sha256 = (text) => createHash('sha256').update(text).digest('hex');
  const { client, sent } = connect(new PersistedQueryLink({ sha256, useGETForHashedQueries: method === 'GET' }));
  const query = gql(`query Q${randomUUID().replaceAll('-', '')} { erps { id name } }`);
  for (let time = 0; time < 2; time++) {
    const { data } = await client.query({ query, fetchPolicy: 'network-only' });
    assert.ok(data.erps.length > 0);
  }
  assert.deepEqual(sent.map((request) => [request.method, 'query' in request.body]), [[method, false], ['POST', true], [method, false]]);
}

// A fragment on an interface matches its types, from the gateway and from the cache.
{
  const { client } = connect();
  const { invoices, customers } = await ask('{ invoices(first: 1) { nodes { id } } customers(first: 1) { nodes { id } } }');
  const query = gql`query ($ids: [ID!]!) { nodes(ids: $ids) { id ...Known ... on Invoice { number } } } fragment Known on Record { remoteId erp { id } }`;
  const variables = { ids: [invoices.nodes[0].id, customers.nodes[0].id] };
  const { data } = await client.query({ query, variables });
  assert.deepEqual(data.nodes.map((node) => [node.__typename, node.id]), [['Invoice', variables.ids[0]], ['Customer', variables.ids[1]]]);
  assert.ok(data.nodes.every((node) => node.remoteId && node.erp.id));
  assert.deepEqual(client.readQuery({ query, variables }), data);
}

console.log('ok: Apollo Client: cache by id, pages, partial data, persisted queries by POST and GET, fragments on interfaces');
