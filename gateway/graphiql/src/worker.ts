// One file for the editor's three workers. `require` and not `import`: each of them takes over `onmessage` when it is
// evaluated, and only the one that was asked for may do so.
declare const require: (name: string) => unknown;

switch (self.name) {
  case 'json':
    require('monaco-editor/esm/vs/language/json/json.worker.js');
    break;
  case 'graphql':
    require('monaco-graphql/esm/graphql.worker.js');
    break;
  default:
    require('monaco-editor/esm/vs/editor/editor.worker.js');
}
