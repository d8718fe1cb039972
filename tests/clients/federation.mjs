// Apollo Federation: `node federation.mjs URL`. Two composers put the gateway's subgraph and a small second one together; then
// two routers, Apollo Server with @apollo/gateway and Hive Gateway, run the result: each way across in one request.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { composeServices as composeByApollo } from '@apollo/composition';
import { ApolloGateway } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';
import { composeServices as composeByHive } from '@theguild/federation-composition';
import { parse } from 'graphql';
import { createYoga } from 'graphql-yoga';
import { ask, endpoint } from './gateway.mjs';

// Neither router is to call its maker from a test.
process.env.APOLLO_TELEMETRY_DISABLED = '1';

const expected = (await ask('{ customers(first: 50) { nodes { id name email invoices(first: 2) { nodes { id number } } } } }')).customers.nodes;
assert.equal(expected.length, 50);
const rating = (id) => [...id].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 100;

// The second subgraph knows customers by their ids only.
const RATINGS = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
  type Customer @key(fields: "id") { id: ID! rating: Int! }
  type Query { ratedCustomers: [Customer!]! ratedStrangers: [Customer]! }
`;
const resolvers = {
  Query: {
    ratedCustomers: () => expected.map(({ id }) => ({ id })),
    ratedStrangers: () => [{ id: expected[0].id }, { id: 'nobody' }, { id: expected[1].id }],
  },
  Customer: { __resolveReference: ({ id }) => ({ id }), rating: ({ id }) => rating(id) },
};
const ratings = createYoga({ schema: buildSubgraphSchema({ typeDefs: parse(RATINGS), resolvers }), logging: false });

/** Serves one subgraph on a free port and remembers the requests. */
async function serve(answer) {
  const sent = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    sent.push(JSON.parse(body));
    const answered = await answer({ method: 'POST', headers: { 'content-type': request.headers['content-type'], accept: request.headers.accept ?? '*/*' }, body });
    response.writeHead(answered.status, { 'content-type': answered.headers.get('content-type') }).end(await answered.text());
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return { url: `http://127.0.0.1:${server.address().port}/graphql`, sent, close: () => server.close() };
}
const erp = await serve((request) => fetch(endpoint, request));
const second = await serve((request) => ratings.fetch('http://ratings/graphql', request));

const { _service } = await ask('{ _service { sdl } }');
const subgraphs = [
  { name: 'erp', url: erp.url, typeDefs: parse(_service.sdl) },
  { name: 'ratings', url: second.url, typeDefs: parse(RATINGS) },
];
const compositions = [['@apollo/composition', composeByApollo(subgraphs)], ['@theguild/federation-composition', composeByHive(subgraphs)]];
for (const [composer, { errors }] of compositions) assert.deepEqual((errors ?? []).map(String), [], composer);
const [apolloSupergraph, hiveSupergraph] = compositions.map(([, composition]) => composition.supergraphSdl);

const apollo = new ApolloServer({ gateway: new ApolloGateway({ supergraphSdl: apolloSupergraph }) });
await apollo.start();
const hive = createGatewayRuntime({ supergraph: hiveSupergraph, logging: false });
const routers = {
  'Apollo Server': async (query) => (await apollo.executeOperation({ query })).body.singleResult,
  'Hive Gateway': async (query) => {
    const headers = { 'content-type': 'application/json' };
    const response = await hive.fetch('http://router/graphql', { method: 'POST', headers, body: JSON.stringify({ query }) });
    return response.json();
  },
};

for (const [router, run] of Object.entries(routers)) {
  /** The data of an answer, and the requests that each subgraph got for it. */
  const asked = async (query) => {
    erp.sent.length = second.sent.length = 0;
    const { data, errors } = await run(query);
    assert.equal(errors, undefined, `${router}: ${JSON.stringify(errors)}`);
    assert.deepEqual([erp.sent.length, second.sent.length], [1, 1], `${router}: requests to each subgraph`);
    return JSON.parse(JSON.stringify(data));
  };
  const representations = ({ variables }) => Object.values(variables).find(Array.isArray);

  // From the gateway's customers to their ratings.
  const there = await asked('{ customers(first: 50) { nodes { id name rating } } }');
  assert.deepEqual(there.customers.nodes, expected.map(({ id, name }) => ({ id, name, rating: rating(id) })));
  assert.equal(representations(second.sent[0]).length, 50);

  // From rated customers to what the gateway knows of them, and on to their invoices.
  const back = await asked('{ ratedCustomers { id rating name email invoices(first: 2) { nodes { id number } } } }');
  assert.deepEqual(back.ratedCustomers, expected.map((customer) => ({ id: customer.id, rating: rating(customer.id), ...customer })));
  assert.match(erp.sent[0].query, /_entities/);
  assert.equal(representations(erp.sent[0]).length, 50);

  // Who is no customer is null and told of, and the others are there.
  const { data, errors } = await run('{ ratedStrangers { id name } }');
  assert.deepEqual(data.ratedStrangers.map((customer) => customer?.name ?? null), [expected[0].name, null, expected[1].name], router);
  assert.deepEqual(errors.map((error) => error.extensions.code), ['BAD_USER_INPUT'], router);
}

await apollo.stop();
await hive[Symbol.asyncDispose]();
erp.close();
second.close();
console.log('ok: Apollo Federation: two composers, two routers; 50 customers cross each way in one request');
