// The side panel "Examples".
import { useEffect, useRef, useState } from 'react';
import { pick, useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { GROUPS, type Example } from './examples';
import { headersOf, onlyOperation, post } from './fetcher';

/** What stands in the editor: the title, which also names the tab, the comment and the query. */
export const textOf = ({ title, comment, query }: Example) => `# ${title}\n# ${comment}\n${query.trim()}\n`;

function Icon() {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
      <path d="M9 18h6M10 21h4M12 3a6.5 6.5 0 0 0-4 11.6c.7.6 1 1.2 1 2v.4h6v-.4c0-.8.3-1.4 1-2A6.5 6.5 0 0 0 12 3z" />
    </svg>
  );
}

function Examples() {
  const { addTab, changeTab, updateActiveTabValues } = useGraphiQLActions();
  const { tabs, activeTabIndex, queryEditor, variableEditor, headerEditor } = useGraphiQL(
    pick('tabs', 'activeTabIndex', 'queryEditor', 'variableEditor', 'headerEditor'),
  );
  const [search, setSearch] = useState('');
  const busy = useRef(false);

  async function open(example: Example) {
    if (!queryEditor || !variableEditor || busy.current) return;
    const query = textOf(example);
    const current = queryEditor.getValue();
    if (current === query) return;
    const already = tabs.findIndex((tab, index) => index !== activeTabIndex && tab.query === query);
    if (already >= 0) return changeTab(already);

    let variables = example.variables;
    if (example.lookUp) {
      // Ids differ from gateway to gateway: ask this one, so that the example can be run as it is.
      busy.current = true;
      try {
        const { data } = await post({ query: example.lookUp.query }, headersOf(headerEditor?.getValue()));
        variables = { ...variables, ...example.lookUp.variables(data) };
      } catch {
        // Without an answer the placeholders stay.
      } finally {
        busy.current = false;
      }
    }

    const variablesText = variables ? JSON.stringify(variables, null, 2) : '';
    if (queryEditor.getValue().trim()) addTab();
    queryEditor.setValue(query);
    variableEditor.setValue(variablesText);
    updateActiveTabValues({ query, variables: variablesText, operationName: onlyOperation(query)?.name?.value ?? null });
    queryEditor.setScrollTop(0);
    queryEditor.focus();
  }

  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const matches = (example: Example) => {
    const text = `${example.title} ${example.comment} ${example.query}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
  const groups = GROUPS.map((group) => ({ ...group, examples: group.examples.filter(matches) })).filter((group) => group.examples.length);
  const active = tabs[activeTabIndex]?.query;

  return (
    <section className="examples" aria-label="Examples">
      <h2>Examples</h2>
      <p className="examples-hint">Pick one, then press run or Ctrl-Enter.</p>
      <input
        type="search"
        value={search}
        onChange={(event) => setSearch(event.currentTarget.value)}
        placeholder="Find an example"
        aria-label="Find an example"
      />
      {groups.map((group) => (
        <details key={group.name} open>
          <summary>{group.name}</summary>
          <ul>
            {group.examples.map((example) => (
              <li key={example.title}>
                <button type="button" className={active === textOf(example) ? 'active' : undefined} onClick={() => open(example)}>
                  <strong>{example.title}</strong>
                  <span>{example.comment}</span>
                </button>
              </li>
            ))}
          </ul>
        </details>
      ))}
      {!groups.length && <p className="examples-hint">No example speaks of that.</p>}
    </section>
  );
}

/** Asks for the schema again when request headers change and there is none yet: the key may have been missing. */
export function SchemaAfterLogin() {
  const { introspect } = useGraphiQLActions();
  const { headerEditor, schema } = useGraphiQL(pick('headerEditor', 'schema'));
  useEffect(() => {
    if (!headerEditor || schema) return;
    let timer: ReturnType<typeof setTimeout>;
    const listener = headerEditor.onDidChangeModelContent(() => {
      clearTimeout(timer);
      timer = setTimeout(() => Object.keys(headersOf(headerEditor.getValue())).length && introspect(), 800);
    });
    return () => {
      clearTimeout(timer);
      listener.dispose();
    };
  }, [headerEditor, schema, introspect]);
  return null;
}

export const EXAMPLES_PLUGIN = { title: 'Examples', icon: Icon, content: Examples };
