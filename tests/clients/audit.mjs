// The published audits of GraphQL over HTTP (the npm package graphql-http) against a running gateway:
//   node audit.mjs http://127.0.0.1:8080
// Every audit has to pass, also those of what a server only MAY do; and a GET that a page of another site made a browser
// send has to be refused.
import { serverAudits } from 'graphql-http';

const base = process.argv[2];
if (!base) {
  console.error('usage: node audit.mjs URL');
  process.exit(2);
}
const url = new URL('/graphql', base).toString();

let failed = 0;
const audits = serverAudits({ url, fetchFn: fetch });
for (const audit of audits) {
  const result = await audit.fn();
  if (result.status === 'ok') continue;
  failed += 1;
  const { status, statusText } = result.response ?? {};
  console.log(`${result.status} ${audit.id} ${audit.name}: ${result.reason} (${status} ${statusText})`);
}
const forged = await fetch(`${url}?query={__typename}`, { headers: { origin: 'https://other.example' } });
if (forged.status !== 400) {
  failed += 1;
  console.log(`error: a GET that a page of another site sent is answered ${forged.status}`);
}
console.log(`${audits.length + 1 - failed} of ${audits.length + 1} audits pass`);
process.exit(failed === 0 ? 0 : 1);
