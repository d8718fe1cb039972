// What the page remembers in the browser. Settings of ERPs are typed into mutations: no value that stands in one, or in its
// variables, is kept over the session. GraphiQL itself keeps no answers.

type Operation = { query?: string | null; variables?: string | null };

const TABS = 'graphiql:tabState';
const HISTORY = ['queries', 'favorites'];
/** What GraphiQL keeps twice: it stands in the active tab too. */
const OF_ACTIVE_TAB: Record<string, keyof Operation> = { 'graphiql:query': 'query', 'graphiql:variables': 'variables' };

/** A mutation; also one that was begun with the wrong word, or is not complete. */
const CHANGES = /\bmutation\b|(Erp|ApiKey)\s*\(/;
const STRINGS = /"""[^]*?(?:"""|$)|"(?:\\.|[^"\\\n])*"?/g;

function parsed(json: string | null | undefined) {
  try {
    return JSON.parse(json || 'null');
  } catch {
    return null;
  }
}

const print = (value: unknown) => JSON.stringify(value, null, 2);

/** An operation without what may be a secret. Of a mutation its form is left, so that it can be filled in again. */
export function withoutSecrets<T extends Operation>(operation: T): T {
  const { query, variables } = operation;
  const values = parsed(variables);
  const known = values && typeof values === 'object' && !Array.isArray(values);
  if (CHANGES.test(query ?? '')) {
    const emptied = (_: string, value: unknown) => (typeof value === 'object' || typeof value === 'boolean' ? value : '');
    return {
      ...operation,
      query: query!.replace(STRINGS, '""'),
      variables: known ? print(parsed(JSON.stringify(values, emptied))) : variables && '',
    };
  }
  if (!variables?.trim()) return operation;
  // Variables of a mutation may stand there still, above which a query is written now.
  const named = new Set(query?.match(/\$\w+/g));
  const all = known ? Object.entries(values) : [];
  const own = all.filter(([name]) => named.has(`$${name}`));
  if (known && own.length === all.length) return operation;
  return { ...operation, variables: own.length ? print(Object.fromEntries(own)) : '' };
}

/** What is kept of a value that GraphiQL wants to keep; nothing if it cannot be understood. */
export function kept(key: string, value: string): string | null {
  if (key in OF_ACTIVE_TAB) return null;
  if (key === TABS) {
    const state = parsed(value);
    return Array.isArray(state?.tabs) ? JSON.stringify({ ...state, tabs: state.tabs.map(withoutSecrets) }) : null;
  }
  const list = HISTORY.find((list) => key === `graphiql:${list}`);
  if (!list) return value;
  const items = parsed(value)?.[list];
  return Array.isArray(items) ? JSON.stringify({ [list]: items.map(withoutSecrets) }) : null;
}

/** The browser's storage, where it lets the page have one. */
export function browserStorage(): Storage | null {
  try {
    return localStorage;
  } catch {
    return null;
  }
}

/** A storage as GraphiQL may use it. */
export function remembering(browser: Storage) {
  // Other pages of the same host may have theirs.
  const own = () => Object.keys(browser).filter((key) => key.startsWith('graphiql:'));
  const storage = {
    getItem(key: string): string | null {
      const part = OF_ACTIVE_TAB[key];
      if (!part) return browser.getItem(key);
      const { tabs, activeTabIndex } = parsed(browser.getItem(TABS)) ?? {};
      return tabs?.[activeTabIndex]?.[part] ?? null;
    },
    setItem(key: string, value: string) {
      const rest = kept(key, value);
      if (rest === null) browser.removeItem(key);
      else browser.setItem(key, rest);
    },
    removeItem: (key: string) => browser.removeItem(key),
    clear: () => own().forEach((key) => browser.removeItem(key)),
    get length() {
      return own().length;
    },
  };
  // An older page kept everything.
  for (const key of [TABS, ...HISTORY.map((list) => `graphiql:${list}`), ...Object.keys(OF_ACTIVE_TAB)]) {
    const value = browser.getItem(key);
    if (value !== null) storage.setItem(key, value);
  }
  return storage;
}
