import { createRoot } from 'react-dom/client';
import { GraphiQL } from 'graphiql';
import { HISTORY_PLUGIN } from '@graphiql/plugin-history';
import { EXAMPLES_PLUGIN, SchemaAfterLogin, textOf } from './panel';
import { GROUPS } from './examples';
import { fetcher } from './fetcher';
import { browserStorage, remembering } from './storage';
import './style.css';

declare const WORKER: string; // worker.js?v=<hash>, set by build.mjs

(globalThis as any).MonacoEnvironment = {
  getWorker: (_id: string, label: string) => new Worker(new URL(WORKER, import.meta.url), { name: label }),
};

const plugins = [EXAMPLES_PLUGIN, HISTORY_PLUGIN];
const defaultTabs = [{ query: textOf(GROUPS[0].examples[0]) }];
// The gateway's scalars that a variable may carry as anything but a plain value.
const customScalarSchemas = { JSON: {} };
const browser = browserStorage();
const storage = browser && remembering(browser);

createRoot(document.getElementById('root')!).render(
  <GraphiQL
    fetcher={fetcher as never}
    storage={storage as never}
    plugins={plugins}
    visiblePlugin={EXAMPLES_PLUGIN}
    defaultTabs={defaultTabs}
    defaultQuery=""
    defaultEditorToolsVisibility="variables"
    customScalarSchemas={customScalarSchemas}
    inputValueDeprecation
    schemaDescription
    shouldPersistHeaders
  >
    <GraphiQL.Logo>
      ERP gateway
      <SchemaAfterLogin />
    </GraphiQL.Logo>
  </GraphiQL>,
);
