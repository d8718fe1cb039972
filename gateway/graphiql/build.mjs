// Builds dist/ from src/: `npm ci && npm run build`. The same versions give the same bytes.
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import * as esbuild from 'esbuild';

const here = import.meta.dirname;
const dist = path.join(here, 'dist');

const FORMAT_JSONC = `async function formatJSONC(content) {
  return applyEdits(content, format(content, undefined, { insertSpaces: true, tabSize: 2, keepLines: false }));
}
async function unused(content) {`;

const UNUSED = [
  'browser/widget/diffEditor/diffEditor.contribution',
  'contrib/codelens/browser/codelensController',
  'contrib/colorPicker/browser/colorContributions',
  'contrib/colorPicker/browser/standaloneColorPickerActions',
  'contrib/diffEditorBreadcrumbs/browser/contribution',
  'contrib/dropOrPasteInto/browser/copyPasteContribution',
  'contrib/dropOrPasteInto/browser/dropIntoEditorContribution',
  'contrib/inlayHints/browser/inlayHintsContribution',
  'contrib/inlineCompletions/browser/inlineCompletions.contribution',
  'contrib/inlineEdit/browser/inlineEdit.contribution',
  'contrib/inlineEdits/browser/inlineEdits.contribution',
  'contrib/inlineProgress/browser/inlineProgress',
  'contrib/linkedEditing/browser/linkedEditing',
  'contrib/rename/browser/rename',
  'contrib/sectionHeaders/browser/sectionHeaders',
  'contrib/semanticTokens/browser/documentSemanticTokens',
  'contrib/semanticTokens/browser/viewportSemanticTokens',
  'contrib/stickyScroll/browser/stickyScrollContribution',
  'contrib/suggest/browser/suggestInlineCompletions',
];

// Changes to packages that have no setting for it: [file, from, to]. A text that is not found stops the build.
const PATCHES = [
  // A tab is named by the comment on its first line, if there is one.
  ['@graphiql/react/dist/utility/tabs.js', 'title: operationName || DEFAULT_TITLE', 'title: commentTitle(query) || operationName || DEFAULT_TITLE'],
  ['@graphiql/react/dist/utility/tabs.js', 'title: newTab.operationName ||', 'title: commentTitle(newTab.query) || newTab.operationName ||'],
  [
    '@graphiql/react/dist/utility/tabs.js',
    'var DEFAULT_TITLE = "<untitled>";',
    'var DEFAULT_TITLE = "New query"; function commentTitle(query) { return /^#[ \\t]*(\\S.*)/.exec(query ?? "")?.[1].trim() }',
  ],
  // A new tab keeps the request headers (the API key) of the one it was opened from.
  ['@graphiql/react/dist/stores/editor.js', 'createTab({ headers: defaultHeaders })', 'createTab({ headers: get().headerEditor?.getValue() || defaultHeaders })'],
  // The fonts of the machine instead of a web font; a size for laptop screens.
  ['@graphiql/react/dist/utility/create-editor.js', 'fontFamily: "\\"Fira Code\\""', 'fontFamily: "ui-monospace, SFMono-Regular, Menlo, Consolas, \'DejaVu Sans Mono\', monospace"'],
  ['@graphiql/react/dist/utility/create-editor.js', 'fontSize: 15', 'fontSize: 13.5'],
  // Long comment lines wrap instead of putting a scrollbar over the last line.
  ['@graphiql/react/dist/utility/create-editor.js', 'minimap: { enabled: false }', 'minimap: { enabled: false }, wordWrap: "on", wrappingIndent: "same"'],
  // More room for the query on a laptop screen: narrower side panel, lower pane of variables.
  ['graphiql/dist/GraphiQL.js', 'defaultSizeRelation: 0.3333333333333333', 'defaultSizeRelation: 0.29'],
  ['graphiql/dist/GraphiQL.js', 'defaultSizeRelation: 3,', 'defaultSizeRelation: 4.5,'],
  // The page's blue (style.css) for the editor's menus too.
  ...[
    ['dark: "#ff5794"', 'dark: "#7db8f5"'],
    ['light: "#d60590"', 'light: "#1f5fa8"'],
    ['dark: "#ff579419"', 'dark: "#7db8f526"'],
    ['light: "#d6059019"', 'light: "#1f5fa81c"'],
  ].map(([from, to]) => ['@graphiql/react/dist/constants.js', from, to]),
  // JSON is laid out by the parser that is there anyway, not by Prettier with Babel (half a megabyte).
  ['@graphiql/react/dist/utility/jsonc.js', 'import { parse, printParseErrorCode }', 'import { applyEdits, format, parse, printParseErrorCode }'],
  ['@graphiql/react/dist/utility/jsonc.js', 'async function formatJSONC(content) {', FORMAT_JSONC],
  // What an editor of queries has no use for.
  ...UNUSED.map((name) => ['monaco-editor/esm/vs/editor/editor.all.js', `import './${name}.js';`, '']),
  ['monaco-editor/esm/vs/editor/edcore.main.js', "import './standalone/browser/inspectTokens/inspectTokens.js';", ''],
];

const patch = {
  name: 'patch',
  setup(build) {
    const used = new Set();
    const files = [...new Set(PATCHES.map(([file]) => file))];
    const escape = (text) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
    build.onLoad({ filter: new RegExp(`(${files.map(escape).join('|')})$`) }, async ({ path: file }) => {
      let contents = await readFile(file, 'utf8');
      for (const entry of PATCHES.filter(([name]) => file.endsWith(name))) {
        if (!contents.includes(entry[1])) throw new Error(`${entry[0]} no longer has: ${entry[1]}`);
        contents = contents.replaceAll(entry[1], () => entry[2]);
        used.add(entry);
      }
      return { contents };
    });
    build.onEnd(() => {
      const unused = PATCHES.filter((entry) => !used.has(entry));
      if (unused.length) throw new Error(`not bundled: ${unused.map(([file]) => file)}`);
    });
  },
};

const common = {
  absWorkingDir: here,
  bundle: true,
  write: false,
  minify: true,
  target: 'es2022',
  legalComments: 'none', // dist/licenses.txt has them all
  metafile: true,
  logLevel: 'warning',
  loader: { '.ttf': 'dataurl' },
  alias: { 'prettier/parser-graphql': 'prettier/plugins/graphql' }, // the same thing, twice otherwise
  define: { 'process.env.NODE_ENV': '"production"' },
  outdir: dist,
};

const hash = (bytes) => createHash('sha256').update(bytes).digest('hex').slice(0, 12);
const byName = (result) => Object.fromEntries(result.outputFiles.map((file) => [path.basename(file.path), file.contents]));

const worker = await esbuild.build({ ...common, entryPoints: { worker: 'src/worker.ts' }, format: 'iife' });
const files = byName(worker);
const app = await esbuild.build({
  ...common,
  entryPoints: { app: 'src/main.tsx' },
  format: 'esm',
  jsx: 'automatic',
  define: { ...common.define, WORKER: JSON.stringify(`worker.js?v=${hash(files['worker.js'])}`) },
  plugins: [patch],
});
Object.assign(files, byName(app));

// Every package whose code is in the bundles, with its licence.
const packages = new Map();
for (const input of [...Object.keys(worker.metafile.inputs), ...Object.keys(app.metafile.inputs)]) {
  const found = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input);
  if (found) packages.set(found[1], null);
}
const notices = [];
for (const folder of [...packages.keys()].sort()) {
  const about = JSON.parse(await readFile(path.join(here, folder, 'package.json'), 'utf8'));
  const names = (await readdir(path.join(here, folder))).filter((name) => /^(licen[sc]e|thirdpartynotices)/i.test(name)).sort();
  const texts = await Promise.all(names.map((name) => readFile(path.join(here, folder, name), 'utf8')));
  notices.push(`${'='.repeat(80)}\n${about.name} ${about.version}: ${about.license}\n\n${texts.map((text) => text.trim()).join('\n\n')}\n`);
}
files['licenses.txt'] = Buffer.from(notices.join('\n'));

let html = await readFile(path.join(here, 'src/index.html'), 'utf8');
html = html.replace(/%([\w.]+)%(?=")/g, (_, name) => hash(files[name]));

await rm(dist, { recursive: true, force: true });
await mkdir(dist);
await writeFile(path.join(dist, 'index.html'), html);
let total = html.length;
for (const name of Object.keys(files).sort()) {
  const packed = gzipSync(files[name], { level: 9 });
  packed[9] = 255; // the header's operating system: unknown, so that every machine writes the same bytes
  await writeFile(path.join(dist, `${name}.gz`), packed);
  total += packed.length;
  console.log(`${name.padEnd(14)} ${String(files[name].length).padStart(9)} raw ${String(packed.length).padStart(9)} gz`);
}
console.log(`index.html ${html.length}; all together ${total} bytes`);

if (process.argv.includes('--analyze')) {
  for (const { metafile } of [worker, app]) {
    for (const [name, output] of Object.entries(metafile.outputs)) {
      const by = {};
      for (const [input, { bytesInOutput }] of Object.entries(output.inputs)) {
        const key = input.replace(/^node_modules\//, '').replace(/^(monaco-editor\/esm\/vs\/[^/]+\/[^/]+(?:\/[^/]+)?|@[^/]+\/[^/]+|[^/]+).*/, '$1');
        by[key] = (by[key] ?? 0) + bytesInOutput;
      }
      console.log(`\n${name}`);
      for (const [key, bytes] of Object.entries(by).sort((a, b) => b[1] - a[1]).slice(0, 70)) console.log(String(bytes).padStart(9), key);
    }
  }
}
