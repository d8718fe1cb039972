// Opens the page of a running gateway in Chromium with every other host blocked, runs the default example, and looks for what the
// browser must not remember.
//   node test/offline.mjs http://127.0.0.1:8080 [--screenshot file.png] [--all] [--dark]
// --all opens every example by clicking it, and runs those that change nothing. Exit code 0: all is well; 1: what is printed is not.
// The gateway has to have at least one ERP with at least one invoice. CHROMIUM names another browser than /usr/bin/chromium.
import { chromium } from 'playwright-core';

const args = process.argv.slice(2);
const option = (name) => (args.includes(name) ? args.splice(args.indexOf(name), 2)[1] : undefined);
const flag = (name) => args.includes(name) && args.splice(args.indexOf(name), 1).length === 1;
const screenshot = option('--screenshot');
const all = flag('--all');
const dark = flag('--dark');
const base = args[0] && new URL(args[0]);
if (!base) {
  console.error('usage: node test/offline.mjs <url of the gateway> [--screenshot file.png] [--all] [--dark]');
  process.exit(2);
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    `--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE ${base.hostname}`,
  ],
});
const problems = [];
let step = 'start the browser';
let page;

/** What stands in a pane, from Monaco's model: the page itself shows only the lines in sight. */
const text = (name) =>
  page.evaluate((name) => globalThis.__MONACO.editor.getModels().find((model) => model.uri.path.endsWith(name))?.getValue() ?? '', name);

async function run() {
  await page.locator('button.graphiql-execute-button[aria-label^="Execute"]').click();
  // GraphiQL empties the response when the query goes out.
  const deadline = Date.now() + 60_000;
  for (;;) {
    await page.waitForTimeout(100);
    const shown = await text('response.json');
    const running = await page.locator('button.graphiql-execute-button[aria-label^="Stop"]').count();
    if (shown && !running) return JSON.parse(shown);
    if (Date.now() > deadline) throw new Error(`no response within a minute; the pane shows: ${shown || '(nothing)'}`);
  }
}

try {
  const context = await browser.newContext({ viewport: { width: 1366, height: 768 }, colorScheme: dark ? 'dark' : 'light' });
  page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const workers = new Set();
  context.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol === 'data:' || url.protocol === 'blob:') return;
    if (url.host !== base.host) problems.push(`request to another host: ${request.url()}`);
  });
  // What the page had not loaded yet when it is opened again.
  let again = false;
  context.on('requestfailed', (request) => {
    const why = request.failure()?.errorText;
    if (!(again && why === 'net::ERR_ABORTED')) problems.push(`request failed: ${request.url()}: ${why}`);
  });
  context.on('response', (response) => {
    if (response.status() >= 400) problems.push(`HTTP ${response.status()}: ${response.request().method()} ${response.url()}`);
  });
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(`console ${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`uncaught: ${error.message}`));
  page.on('worker', (worker) => workers.add(worker.url()));

  step = 'open the page';
  const response = await page.goto(`${base.href.replace(/\/$/, '')}/graphql`);
  if (!/html/.test(response.headers()['content-type'] ?? '')) throw new Error(`GET /graphql is ${response.headers()['content-type']}, not HTML`);
  console.log(`csp: ${response.headers()['content-security-policy'] ?? '(none)'}`);
  await page.locator('.graphiql-query-editor .view-lines').waitFor();
  if ((await page.title()) !== 'ERP gateway') throw new Error(`the title is ${await page.title()}`);

  step = 'find the default example in the editor';
  const first = await text('operation.graphql');
  const compact = first.replace(/^#.*$/gm, '').replace(/\s+/g, ' ').trim();
  const wanted = '{ invoices(first: 50) { nodes { number total { amount currency } customer { name } erp { name } } sources { erp { name } status records tookMs } } }';
  if (compact !== wanted) throw new Error(`the editor starts with: ${first}`);

  step = 'run the default example';
  const answer = await run();
  if (answer.errors) throw new Error(`errors: ${JSON.stringify(answer.errors).slice(0, 800)}`);
  if (!answer.data?.invoices?.nodes?.length) throw new Error(`no invoices: ${JSON.stringify(answer).slice(0, 800)}`);
  await page.locator('.graphiql-response').getByText('"data"').first().waitFor();
  await page.locator('.graphiql-response').getByText('"nodes"').first().waitFor();
  console.log(`default example: ${answer.data.invoices.nodes.length} invoices of ${answer.data.invoices.sources.length} ERPs`);
  if (screenshot) {
    await page.mouse.move(700, 760);
    await page.waitForTimeout(300);
    await page.screenshot({ path: screenshot });
  }

  step = 'complete a field name';
  await page.evaluate(() => {
    const [editor] = globalThis.__MONACO.editor.getEditors().filter((editor) => editor.getModel().uri.path.endsWith('operation.graphql'));
    editor.setValue('{ inv }');
    editor.setPosition({ lineNumber: 1, column: 6 });
    editor.focus();
    editor.trigger('test', 'editor.action.triggerSuggest', {});
  });
  await page.locator('.suggest-widget .monaco-list-row').filter({ hasText: 'invoices' }).first().waitFor();
  await page.keyboard.press('Escape');
  if (![...workers].some((url) => url.includes('/graphiql/worker.js'))) throw new Error(`no worker of the gateway runs: ${[...workers]}`);
  console.log('completion: works');

  step = 'open the documentation';
  await page.locator('.graphiql-sidebar button').first().click();
  await page.locator('.graphiql-doc-explorer').getByText('Query', { exact: true }).first().click();
  await page.locator('.graphiql-doc-explorer').getByText('salesOrders').first().waitFor();
  console.log('documentation: works');

  step = 'type a secret, and what may be remembered';
  const secret = 's3cret-of-the-browser-test';
  const write = (name, value) =>
    page.evaluate(([name, value]) => globalThis.__MONACO.editor.getModels().find((model) => model.uri.path.endsWith(name)).setValue(value), [name, value]);
  const remembered = () => page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
  // GraphiQL writes half a second after a change, the tabs last.
  const until = (...texts) =>
    page.waitForFunction((texts) => texts.every((text) => localStorage.getItem('graphiql:tabState')?.includes(text)), texts);
  const forgotten = async (when) => {
    const all = await remembered();
    for (const text of [secret, 'connection refused']) {
      const at = all.indexOf(text);
      if (at >= 0) problems.push(`${when} the browser remembers "${text}": ${all.slice(Math.max(0, at - 300), at + 40)}`);
    }
  };
  await page.locator('.graphiql-sidebar').getByLabel('Show Examples').click();
  const open = async (title) => {
    await page.locator('.examples li button').filter({ hasText: title }).first().click();
    await page.locator('.graphiql-tab-active .graphiql-tab-button').getByText(title, { exact: true }).waitFor();
  };
  await open('Try settings before connecting');
  const settings = { url: 'http://127.0.0.1:1', database: 'x', login: 'x', api_key: secret };
  await write('variables.json', JSON.stringify({ system: 'odoo', settings }));
  // It is tried at an address where nobody listens, and stored nowhere.
  const tried = JSON.stringify(await run());
  if (!tried.includes('connection refused')) throw new Error(`the gateway says: ${tried.slice(0, 800)}`);
  await open('Connect an ERP');
  await write('variables.json', JSON.stringify({ name: 'x', system: 'odoo', settings }));
  await until('TrySettings', 'mutation Connect(');
  await forgotten('beside a mutation');
  await write('operation.graphql', `mutation { connectErp(input: { name: "x", system: "odoo", settings: { api_key: "${secret}" } }) { erp { id } } }`);
  await until('mutation { connectErp(');
  await forgotten('within a mutation');
  await write('operation.graphql', 'query ($first: Int) { customers(first: $first) { nodes { name } } }');
  await until('query ($first: Int)');
  await forgotten('below a query that took the place of a mutation');
  await open('Find a customer by name');
  await write('variables.json', '{ "text": "remembered-variable" }');
  await write('request-headers.json', '{ "x-remembered": "remembered-header" }');
  await run();
  await until('remembered-variable', 'remembered-header');
  // As an older page left it.
  await page.evaluate((secret) => {
    const state = JSON.parse(localStorage.getItem('graphiql:tabState'));
    state.tabs.find((tab) => tab.query.includes('mutation TrySettings')).variables = JSON.stringify({ system: 'odoo', settings: { api_key: secret } });
    localStorage.setItem('graphiql:tabState', JSON.stringify(state));
    localStorage.setItem('graphiql:variables', `{ "settings": { "api_key": "${secret}" } }`);
  }, secret);

  step = 'open the page again';
  const tabs = await page.locator('.graphiql-tab').count();
  again = true;
  await page.reload();
  again = false;
  await page.locator('.graphiql-query-editor .view-lines').waitFor();
  await page.locator('.graphiql-tab-active .graphiql-tab-button').getByText('Find a customer by name', { exact: true }).waitFor();
  if ((await page.locator('.graphiql-tab').count()) !== tabs) problems.push(`${tabs} tabs have become ${await page.locator('.graphiql-tab').count()}`);
  for (const [name, wanted] of [['variables.json', 'remembered-variable'], ['request-headers.json', 'remembered-header']]) {
    if (!(await text(name)).includes(wanted)) problems.push(`after a reload ${name} holds: ${await text(name)}`);
  }
  await forgotten('after a reload');
  await open('Try settings before connecting');
  const form = await text('variables.json');
  if (form.includes(secret) || JSON.parse(form).settings.api_key !== '') problems.push(`after a reload a mutation has the variables: ${form}`);
  await write('request-headers.json', '');
  console.log('what the browser remembers: looked through');

  if (all) {
    const buttons = page.locator('.examples li button');
    for (let index = 0; index < (await buttons.count()); index++) {
      const title = await buttons.nth(index).locator('strong').innerText();
      step = `run the example "${title}"`;
      await buttons.nth(index).click();
      const tab = page.locator('.graphiql-tab-active .graphiql-tab-button');
      await tab.getByText(title, { exact: true }).waitFor();
      // It would change the gateway that is asked.
      if (/^mutation\b/m.test(await text('operation.graphql'))) continue;
      const answer = await run();
      if (answer.errors || !answer.data) problems.push(`${step}: ${JSON.stringify(answer).slice(0, 800)}`);
      else console.log(`example: ${title}`);
    }
  }
} catch (error) {
  problems.unshift(`could not ${step}: ${error.message}`);
  if (screenshot && page) await page.screenshot({ path: screenshot }).catch(() => {});
} finally {
  await browser.close();
}

if (problems.length) {
  const lines = [...new Set(problems.map((problem) => problem.replace(/\s+/g, ' ').slice(0, 900)))];
  console.error(`FAILED\n  ${lines.slice(0, 20).join('\n  ')}${lines.length > 20 ? `\n  and ${lines.length - 20} more` : ''}`);
  process.exit(1);
}
console.log('ok: no request to another host, no console error');
