// What the scripts here share: the gateway's address from the command line, and a `fetch` that remembers what was sent.
if (!process.argv[2]) {
  console.error(`usage: node ${process.argv[1]} URL`);
  process.exit(2);
}
export const endpoint = new URL('/graphql', process.argv[2]).toString();

/** A `fetch` for a client that is under test: `sent` holds each request with the status of its answer. */
export function recorder() {
  const sent = [];
  const record = async (input, init = {}) => {
    const response = await fetch(input, init);
    const url = new URL(input);
    const body = init.body ? JSON.parse(init.body) : Object.fromEntries(url.searchParams);
    sent.push({ method: init.method ?? 'GET', body, status: response.status, media: response.headers.get('content-type') });
    return response;
  };
  return { fetch: record, sent };
}

/** The answer to a query that cannot fail, without any client. */
export async function ask(query, variables = {}) {
  const headers = { 'content-type': 'application/json', accept: 'application/graphql-response+json' };
  const response = await fetch(endpoint, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
  const { data, errors } = await response.json();
  if (errors) throw new Error(`${query}\n${JSON.stringify(errors, null, 2)}`);
  return data;
}
