// Opens the page of a running gateway in Chromium with every other host blocked and runs the default example.
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
  context.on('requestfailed', (request) => problems.push(`request failed: ${request.url()}: ${request.failure()?.errorText}`));
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

  if (all) {
    await page.locator('.graphiql-sidebar').getByLabel('Show Examples').click();
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
