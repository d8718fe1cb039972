// How the page talks to the gateway: queries and mutations by POST, subscriptions over graphql-transport-ws.
import { createClient } from 'graphql-ws';
import { type DocumentNode, getOperationAST, parse } from 'graphql';
import { browserStorage } from './storage';

type Params = { query: string; operationName?: string | null; variables?: unknown };
type Options = { headers?: Record<string, string>; documentAST?: DocumentNode };
type Sink = { next(value: unknown): void; error(error: unknown): void; complete(): void };

// This file is served as <prefix>/graphiql/app.js and the endpoint is <prefix>/graphql.
export const endpoint = new URL('../graphql', import.meta.url);

export async function post(params: Params, headers: Record<string, string> = {}, signal?: AbortSignal) {
  let response: Response;
  try {
    response = await fetch(endpoint, {
      method: 'POST',
      body: JSON.stringify(params),
      headers: {
        'content-type': 'application/json',
        accept: 'application/graphql-response+json, application/json;q=0.9',
        ...headers,
      },
      signal,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Error(`No answer from ${endpoint.host}: is the gateway running?`);
  }
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    const status = `${response.status} ${response.statusText}`.trim();
    throw new Error(`The gateway answered ${status} without JSON: ${text.slice(0, 300) || '(empty)'}`);
  }
}

export function headersOf(text: string | null | undefined): Record<string, string> {
  try {
    return JSON.parse(text || '{}');
  } catch {
    return {};
  }
}

/** The headers that GraphiQL has kept. It asks for the schema before its headers editor is there. */
const keptHeaders = () => headersOf(browserStorage()?.getItem('graphiql:headers'));

/** The request as something that can be stopped: GraphiQL's stop button then ends the HTTP request too. */
function query(params: Params, headers?: Record<string, string>) {
  return {
    subscribe(sink: Sink) {
      const abort = new AbortController();
      post(params, headers, abort.signal).then(
        (value) => {
          sink.next(value);
          sink.complete();
        },
        (error) => abort.signal.aborted || sink.error({ message: error.message }),
      );
      return { unsubscribe: () => abort.abort() };
    },
  };
}

function subscription(params: Params, headers?: Record<string, string>) {
  return {
    subscribe(sink: Sink) {
      const url = new URL('graphql/ws', endpoint);
      url.protocol = url.protocol.replace('http', 'ws');
      // Lazy: there is no socket before the first subscription. A browser cannot set headers on a socket, so they go
      // into connection_init.
      const client = createClient({ url: url.href, lazy: true, retryAttempts: 0, connectionParams: headers });
      const stop = client.subscribe(params as never, {
        next: (value) => sink.next(value),
        complete: () => sink.complete(),
        error(error) {
          if (Array.isArray(error)) return sink.error(error); // what the gateway found wrong
          const { reason, code } = error as Partial<CloseEvent>;
          const why = reason ? `: ${reason}` : code ? ` (code ${code})` : '';
          sink.error({ message: `No subscription at ${url.href}${why}` });
        },
      });
      return {
        unsubscribe() {
          stop();
          void client.dispose();
        },
      };
    },
  };
}

/**
 * The only operation of a document; what GraphiQL itself says of it is that of the last tab for a moment after a change of tabs.
 * None where there are several, or the gateway has to tell what is wrong with it.
 */
export function onlyOperation(text: string) {
  try {
    return getOperationAST(parse(text));
  } catch {
    return null;
  }
}

export function fetcher(sent: Params, { headers, documentAST }: Options = {}) {
  const only = onlyOperation(sent.query);
  const params = only ? { ...sent, operationName: only.name?.value } : sent;
  if (params.operationName === 'IntrospectionQuery') return post(params, headers ?? keptHeaders());
  const operation = only ?? (documentAST && getOperationAST(documentAST, params.operationName));
  return operation?.operation === 'subscription' ? subscription(params, headers) : query(params, headers);
}
